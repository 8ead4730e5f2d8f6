//! Where the last panic of a thread was, without its message: a message may
//! quote the text it choked on.

use std::cell::RefCell;
use std::sync::Once;

thread_local! {
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Replaces the default hook, which prints messages, once for the process.
pub fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
            let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
            // The shadow counts its own, and tells them a few at a time.
            if thread != super::shadow::THREAD {
                tracing::error!(place, thread, "panic");
            }
            PLACE.with_borrow_mut(|last| *last = place);
        }));
    });
}

/// `file:line:column` of this thread's last panic.
#[must_use]
pub fn last_place() -> String {
    PLACE.with_borrow(|place| if place.is_empty() { "an unknown place".to_owned() } else { place.clone() })
}
