//! The image and its containers: `image.sh` builds, runc runs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::manifests::render::root;

pub struct Image {
    pub root: PathBuf,
    /// As the OCI image specification has it: `User`, `Entrypoint`, `Labels`…
    pub config: Value,
}

/// Built once for all tests; or why it cannot be built here.
pub fn image() -> Result<&'static Image, &'static str> {
    static IMAGE: LazyLock<Result<Image, String>> = LazyLock::new(|| {
        let script = root().join("tests/support/image.sh");
        let can = Command::new(&script).arg("can").output().unwrap();
        if !can.status.success() {
            return Err(String::from_utf8_lossy(&can.stderr).trim().to_owned());
        }
        let binary = std::env::var_os("WARRAQ_IMAGE_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_warraq").into());
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("image");
        let built = Command::new(&script).arg("build").args([binary, dir.clone().into()]).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let inspected: Value = serde_json::from_slice(&std::fs::read(dir.join("image.json")).unwrap()).unwrap();
        let config = inspected["OCIv1"]["config"].clone();
        Ok(Image { root: dir.join("rootfs").canonicalize().unwrap(), config })
    });
    IMAGE.as_ref().map_err(String::as_str)
}

impl Image {
    /// Every file that may be executed and is not a library, by its path in the image.
    pub fn programs(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                let name = entry.file_name().into_string().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file()
                    && entry.metadata().unwrap().permissions().mode() & 0o111 != 0
                    && !name.contains(".so")
                {
                    found.push(entry.path().strip_prefix(&self.root).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

/// A container to be: runc's own template, made as strict as the pod.
pub struct Container {
    bundle: tempfile::TempDir,
    spec: Value,
    id: String,
}

impl Container {
    /// The image's entry point with these arguments in place of its own.
    pub fn new(image: &Image, arguments: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let bundle = tempfile::tempdir().unwrap();
        let made = Command::new("runc").args(["spec", "--bundle"]).arg(bundle.path()).status().unwrap();
        assert!(made.success());
        let mut spec: Value =
            serde_json::from_slice(&std::fs::read(bundle.path().join("config.json")).unwrap()).unwrap();
        spec["root"] = json!({ "path": image.root, "readonly": true });
        let mut args: Vec<Value> = image.config["Entrypoint"].as_array().unwrap().clone();
        args.extend(arguments.iter().map(|argument| json!(argument)));
        let user = image.config["User"].as_str().unwrap();
        let (uid, gid) = user.split_once(':').unwrap();
        let number = |id: &str| id.parse::<u32>().unwrap();
        let process = &mut spec["process"];
        process["terminal"] = json!(false);
        process["user"] = json!({ "uid": number(uid), "gid": number(gid) });
        process["args"] = json!(args);
        process["env"] = image.config["Env"].clone();
        process["cwd"] = image.config["WorkingDir"].clone();
        process["capabilities"] = json!({});
        process["noNewPrivileges"] = json!(true);
        // What a runtime mounts writable besides: shared memory is not asked for.
        let mounts = spec["mounts"].as_array_mut().unwrap();
        mounts.retain(|mount| mount["destination"] != "/dev/shm" && mount["destination"] != "/dev/mqueue");
        let id = format!("warraq-ops-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { bundle, spec, id }
    }

    /// Read-only, as a ConfigMap.
    pub fn mount(&mut self, from: &Path, to: &str) {
        let mount = json!({ "destination": to, "source": from, "options": ["bind", "ro"] });
        self.spec["mounts"].as_array_mut().unwrap().push(mount);
    }

    fn command(&self) -> Command {
        std::fs::write(self.bundle.path().join("config.json"), self.spec.to_string()).unwrap();
        let mut command = runc(self.bundle.path());
        command.arg("run").arg("--bundle").arg(self.bundle.path()).arg(&self.id);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn output(self, input: &[u8]) -> Output {
        let mut child = self.command().spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input).ok());
            child.wait_with_output().unwrap()
        })
    }

    pub fn start(self) -> Running {
        let mut child = self.command().spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        // Read all the while, so that a full pipe never stops the process.
        let mut errors = child.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = errors.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        });
        Running { container: self, child, lines, said: Some(said) }
    }
}

fn runc(bundle: &Path) -> Command {
    let mut command = Command::new("runc");
    command.arg("--root").arg(bundle.join("state"));
    command
}

pub struct Running {
    container: Container,
    child: Child,
    lines: BufReader<ChildStdout>,
    said: Option<std::thread::JoinHandle<String>>,
}

impl Running {
    /// Reads standard output up to a line that holds `wanted`.
    pub fn wait_for_line(&mut self, wanted: &str) {
        let mut all = String::new();
        loop {
            let before = all.len();
            let read = self.lines.read_line(&mut all).unwrap();
            assert!(read > 0, "no `{wanted}` in:\n{all}");
            if all.get(before..).is_some_and(|line| line.contains(wanted)) {
                return;
            }
        }
    }

    pub fn terminate(&self) {
        let kill = runc(self.container.bundle.path()).args(["kill", &self.container.id, "TERM"]).status().unwrap();
        assert!(kill.success());
    }

    /// Waits for its end. Returns its status and what it said on standard error.
    pub fn end(mut self) -> (ExitStatus, String) {
        let mut rest = Vec::new();
        let _ = self.lines.read_to_end(&mut rest);
        let status = self.child.wait().unwrap();
        (status, self.said.take().map(|said| said.join().unwrap()).unwrap_or_default())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where a test failed on the way; one that has ended is not there any more.
        let mut delete = runc(self.container.bundle.path());
        let _ = delete.args(["delete", "--force", &self.container.id]).stderr(Stdio::null()).status();
        let _ = self.child.wait();
    }
}
