/* A clock that jumps: what a process reads as the time of day is off by the
 * seconds that stand in the file named by FAULTS_CLOCK (one int64, mapped), and
 * what it waits for until a time of day comes when that clock says so. Preloaded
 * into workers; the monotonic clock stays what it is.
 *
 * librdkafka waits by C11's conditions where the C library has them, which does not
 * come by pthread's here: both are taken. In glibc they are the same objects. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>

#define SECOND 1000000000LL
/* How soon a wait notices that the clock has jumped. */
#define SLICE (SECOND / 10)

static volatile const int64_t *offset;

__attribute__((constructor)) static void map(void) {
    const char *path = getenv("FAULTS_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = file < 0 ? MAP_FAILED : mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) offset = page;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && offset) time->tv_sec += *offset;
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    static int (*real)(struct timeval *, void *);
    if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
    int result = real(time, zone);
    if (result == 0 && offset) time->tv_sec += *offset;
    return result;
}

int timespec_get(struct timespec *time, int base) {
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, time) == 0 ? base : 0;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}

/* How often conditions were signalled, by a hash of their address: a signal that
 * comes between two slices of a wait must end it. */
static atomic_uint signals[1024];

static atomic_uint *signals_of(pthread_cond_t *condition) {
    return &signals[(uintptr_t)condition / sizeof *condition % (sizeof signals / sizeof *signals)];
}

int pthread_cond_signal(pthread_cond_t *condition) {
    static int (*real)(pthread_cond_t *);
    if (!real) real = (int (*)(pthread_cond_t *))dlsym(RTLD_NEXT, "pthread_cond_signal");
    atomic_fetch_add(signals_of(condition), 1);
    return real(condition);
}

int pthread_cond_broadcast(pthread_cond_t *condition) {
    static int (*real)(pthread_cond_t *);
    if (!real) real = (int (*)(pthread_cond_t *))dlsym(RTLD_NEXT, "pthread_cond_broadcast");
    atomic_fetch_add(signals_of(condition), 1);
    return real(condition);
}

int cnd_signal(cnd_t *condition) {
    return pthread_cond_signal((pthread_cond_t *)condition) == 0 ? thrd_success : thrd_error;
}

int cnd_broadcast(cnd_t *condition) {
    return pthread_cond_broadcast((pthread_cond_t *)condition) == 0 ? thrd_success : thrd_error;
}

static int64_t nanoseconds_until(const struct timespec *deadline) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (deadline->tv_sec - now.tv_sec) * SECOND + deadline->tv_nsec - now.tv_nsec;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline) {
    atomic_uint *signalled = signals_of(condition);
    unsigned before = atomic_load(signalled);
    for (;;) {
        int64_t slice = nanoseconds_until(deadline);
        slice = slice < 0 ? 0 : slice < SLICE ? slice : SLICE;
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_nsec += slice;
        end.tv_sec += end.tv_nsec / SECOND;
        end.tv_nsec %= SECOND;
        int result = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);
        if (result != ETIMEDOUT) return result;
        if (atomic_load(signalled) != before) return 0;
        if (nanoseconds_until(deadline) <= 0) return ETIMEDOUT;
    }
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict deadline) {
    int result = pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, deadline);
    return result == 0 ? thrd_success : result == ETIMEDOUT ? thrd_timedout : thrd_error;
}
