//! A browser for tests of pages: Chromium without a window, spoken to through pipes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Where Debian puts it; `XUEJI_CHROMIUM` names another.
const CHROMIUM: &str = "/usr/bin/chromium";

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: String,
    next: u64,
    /// What the page said in its console, and its uncaught errors.
    pub complaints: Vec<String>,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The browser of this machine.
fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("XUEJI_CHROMIUM").map_or_else(|| PathBuf::from(CHROMIUM), PathBuf::from);
    path.is_file().then_some(path)
}

impl Browser {
    /// Starts one; none where the machine has none, which the test then says. `XUEJI_NEED_BROWSER` makes that a failure.
    pub fn start() -> Option<Self> {
        let Some(chromium) = chromium() else {
            assert!(std::env::var_os("XUEJI_NEED_BROWSER").is_none(), "no Chromium, and XUEJI_NEED_BROWSER asks for one");
            eprintln!("not run: no Chromium in {CHROMIUM}; install it, or name it by XUEJI_CHROMIUM");
            return None;
        };
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let switches = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                        --disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe";
        // The browser listens on its third pipe and speaks on its fourth.
        let command = format!("exec \"$0\" {switches} --user-data-dir=\"$1\" about:blank 3<&0 4>&1 >/dev/null 2>&1");
        let mut child = Command::new("sh")
            .args(["-c", &command])
            .arg(chromium)
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let (to, from) = (child.stdin.take().expect("a pipe"), BufReader::new(child.stdout.take().expect("a pipe")));
        let (session, complaints) = (String::new(), Vec::new());
        let mut browser = Self { child, to, from, session, next: 0, complaints, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.ask("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, json!({}));
        }
        Some(browser)
    }

    /// Asks the browser for something and waits for its answer.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).and_then(|()| self.to.flush()).expect("the browser listens");
        loop {
            let message = self.hear();
            if message["id"] == json!(self.next) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
        }
    }

    /// The next thing that the browser says; what the page complains of is kept.
    fn hear(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser speaks");
        bytes.pop();
        let message: Value = serde_json::from_slice(&bytes).expect("the browser speaks JSON");
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.exceptionThrown") => self.complaints.push(parameters["exceptionDetails"].to_string()),
            Some("Runtime.consoleAPICalled") => self.complaints.push(parameters["args"].to_string()),
            Some("Log.entryAdded") => self.complaints.push(parameters["entry"].to_string()),
            Some(_) | None => {}
        }
        message
    }

    /// Opens a file and waits until it is there.
    pub fn open(&mut self, path: &Path) {
        let url = format!("file://{}", path.display());
        let gone = self.ask("Page.navigate", json!({ "url": url }));
        assert!(gone["errorText"].is_null(), "{}: {}", path.display(), gone["errorText"]);
        // The page before it may still be telling that it has come.
        let there = json!(path.display().to_string());
        self.wait_for(&format!("document.readyState === 'complete' && decodeURIComponent(location.pathname) === {there}"));
    }

    /// What an expression of the page comes to; a promise is waited for.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// Types a text where the focus is.
    pub fn type_in(&mut self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            " " => (32, " "),
            _ => panic!("the test knows no key {key}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let parameters = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.ask("Input.dispatchKeyEvent", parameters);
        }
    }

    /// Waits until an expression holds.
    pub fn wait_for(&mut self, expression: &str) {
        let began = Instant::now();
        while self.value(expression) != json!(true) {
            assert!(began.elapsed() < Duration::from_secs(30), "never came: {expression}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes the window so wide.
    pub fn widen(&mut self, width: u32) {
        let parameters = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", parameters);
    }

    /// Shows pages as on a medium, `screen` or `print`, and light or dark.
    pub fn show_as(&mut self, medium: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features }));
    }
}
