//! A real browser: Chromium, driven over `WebDriver` by Debian's `chromedriver`.
//!
//! Every page that a story stops at is looked at ([`Browser::look`]): axe finds nothing, nothing has to be scrolled sideways,
//! nothing broke the content security policy, and nothing was asked for from anywhere else.

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use safespace_tests::{Owner, PASSWORD, World, api::Api};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use thirtyfour::{
    Capabilities, ChromiumLikeCapabilities, DesiredCapabilities, Key, WebDriver, WebElement, prelude::*,
};
use tokio::sync::{Semaphore, SemaphorePermit};

/// So many browsers run at once: each is several processes.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// What may take a moment is waited for so long.
const PATIENCE: Duration = Duration::from_secs(15);
/// The window of a desk, and of a phone.
pub const DESK: u32 = 1280;
pub const PHONE: u32 = 390;
/// The narrowest at which nothing may have to be scrolled sideways: 1280 pixels at 400% (WCAG 2.2, 1.4.10).
const NARROWEST: u32 = 320;

/// Says by how much a page is too wide, and which part of it is; nothing where it fits.
const TOO_WIDE: &str = "
    const wide = document.documentElement.clientWidth;
    const over = document.documentElement.scrollWidth - wide;
    const part = [...document.querySelectorAll('main *')]
        .find((it) => it.getBoundingClientRect().right > wide + 0.5 && !it.parentElement.closest('.wide'));
    return over > 0 ? `${over} px too wide: ${part?.outerHTML.slice(0, 200)}` : null;";

/// Says which part of a page moves by itself; nothing where none does.
const MOVES: &str = "
    const takes = (times) => times.split(', ').some((time) => parseFloat(time) > 0.001);
    const part = [...document.querySelectorAll('*')].find((it) => {
        const style = getComputedStyle(it);
        return takes(style.transitionDuration) || takes(style.animationDuration) || style.scrollBehavior === 'smooth';
    });
    return part?.outerHTML.slice(0, 200) ?? null;";

/// The status with which a page was answered.
const STATUS: &str = "return performance.getEntriesByType('navigation')[0].responseStatus;";

/// What is needed for a browser, where it is all here.
struct Needed {
    driver: PathBuf,
    chromium: PathBuf,
    axe: String,
}

fn needed() -> Result<&'static Needed, &'static str> {
    static NEEDED: OnceLock<Result<Needed, &'static str>> = OnceLock::new();
    let found = NEEDED.get_or_init(|| {
        let driver =
            on_path(&["chromedriver"]).ok_or("chromedriver is not here (Debian: chromium-driver)")?;
        let chromium = on_path(&["chromium", "chromium-browser", "google-chrome"])
            .ok_or("Chromium is not here (Debian: chromium)")?;
        let axe = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/node_modules/axe-core/axe.min.js");
        let axe =
            std::fs::read_to_string(axe).map_err(|_| "axe is not here: run `npm ci` in tests/clients")?;
        Ok(Needed { driver, chromium, axe })
    });
    found.as_ref().map_err(|why| *why)
}

fn on_path(names: &[&str]) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

/// Chromedriver, which goes when this goes.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start(needed: &Needed) -> Self {
        let mut child = Command::new(&needed.driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines
            .find_map(|line| {
                line.rsplit_once("successfully on port ")
                    .map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        // It would stop at its next line if nobody read it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// With what somebody uses a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hands {
    Mouse,
    Keys,
}

/// A browser on a site.
pub struct Browser {
    driver: WebDriver,
    origin: String,
    scripts: Scripts,
    hands: Hands,
    width: u32,
    _profile: TempDir,
    _process: Driver,
    _turn: SemaphorePermit<'static>,
}

impl Browser {
    /// Opens one. None, said loudly, where none can run; with `CI=true` that is a failure.
    pub async fn open(api: &Api, width: u32, scripts: Scripts) -> Option<Self> {
        let needed = match needed() {
            Ok(needed) => needed,
            Err(why) => {
                let why = format!("SKIPPED in the browser: {why}");
                assert!(
                    std::env::var("CI").as_deref() != Ok("true"),
                    "{why}; with CI=true a skip is a failure"
                );
                let _ = writeln!(std::io::stderr(), "{why}");
                return None;
            }
        };
        let turn = AT_ONCE.acquire().await.unwrap();
        let profile = tempfile::Builder::new().prefix("safespace-browser-").tempdir().unwrap();
        let process = Driver::start(needed);
        let capabilities = capabilities(needed, profile.path().to_str().unwrap(), width, scripts);
        let driver = WebDriver::new(&process.url, capabilities).await.expect("Chromium starts");
        driver.set_page_load_timeout(PATIENCE).await.unwrap();
        // Browsers take Secure cookies over plain HTTP from this name.
        let origin = api.url.strip_suffix("/graphql").unwrap().replace("127.0.0.1", "localhost");
        let browser = Self {
            driver,
            origin,
            scripts,
            hands: Hands::Mouse,
            width,
            _profile: profile,
            _process: process,
            _turn: turn,
        };
        browser.width(width).await;
        if scripts == Scripts::On {
            let watch = "document.addEventListener('securitypolicyviolation', (event) => console.error(`against the \
                         policy: ${event.violatedDirective} ${event.blockedURI}`));";
            browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": watch })).await;
        }
        Some(browser)
    }

    /// Ends it. What is not ended goes with its process.
    pub async fn close(self) {
        self.driver.clone().quit().await.unwrap();
    }

    /// Gives a command of the developer tools.
    pub async fn devtools(&self, command: &str, arguments: Json) -> Json {
        self.driver.cdp().send_raw(command, arguments).await.unwrap()
    }

    /// Makes the window so wide.
    pub async fn width(&self, width: u32) {
        let mobile = width < 600;
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": mobile }),
        )
        .await;
    }

    /// Goes to a page of the site.
    pub async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.origin)).await.unwrap();
    }

    /// Goes back, as its button does.
    pub async fn back(&self) {
        self.driver.back().await.unwrap();
    }

    /// Waits until the browser has gone to this address, though nothing is there.
    pub async fn leaves(&self, address: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.driver.current_url().await.unwrap().as_str() != address {
            assert!(
                std::time::Instant::now() < deadline,
                "still at {}",
                self.driver.current_url().await.unwrap()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The path and query of the page.
    pub async fn path(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// The first heading.
    pub async fn heading(&self) -> String {
        self.one("h1").await.text().await.unwrap()
    }

    /// All that is to be read.
    pub async fn text(&self) -> String {
        self.one("main").await.text().await.unwrap()
    }

    /// What a selector finds.
    pub async fn one(&self, selector: &str) -> WebElement {
        match self.driver.query(By::Css(selector)).wait(PATIENCE, Duration::from_millis(50)).first().await {
            Ok(found) => found,
            Err(error) => {
                panic!("{}: there is no {selector} ({error}): {}", self.path().await, self.source().await)
            }
        }
    }

    async fn source(&self) -> String {
        self.driver.source().await.unwrap().split("<main").nth(1).unwrap_or("").to_owned()
    }

    /// What a selector finds now.
    pub async fn all(&self, selector: &str) -> Vec<WebElement> {
        self.driver.find_all(By::Css(selector)).await.unwrap()
    }

    /// Waits until the page reads so somewhere.
    pub async fn reads(&self, words: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            // The page may just be changing.
            let text = match self.driver.find(By::Css("main")).await {
                Ok(main) => main.text().await.unwrap_or_default(),
                Err(_) => String::new(),
            };
            if text.contains(words) {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{}: no {words:?} in: {text}", self.path().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a script says so.
    pub async fn until(&self, script: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.run(script, Vec::new()).await != json!(true) {
            assert!(std::time::Instant::now() < deadline, "{}: never {script}", self.path().await);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn pressable(&self, words: &str) -> WebElement {
        let path = format!(
            "//main//*[self::button or self::a or self::summary][normalize-space(.)={words:?} or \
             starts-with(normalize-space(.), {words:?})]"
        );
        match self
            .driver
            .query(By::XPath(path.as_str()))
            .wait(PATIENCE, Duration::from_millis(50))
            .first()
            .await
        {
            Ok(found) => found,
            Err(error) => {
                panic!("{}: there is no {words:?} ({error}): {}", self.path().await, self.text().await)
            }
        }
    }

    /// The same browser, used so.
    #[must_use]
    pub const fn used_by(mut self, hands: Hands) -> Self {
        self.hands = hands;
        self
    }

    /// Presses the button or link that begins with these words.
    pub async fn press(&self, words: &str) {
        let found = self.pressable(words).await;
        match self.hands {
            Hands::Mouse => {
                found.scroll_into_view().await.unwrap();
                found.click().await.unwrap();
            }
            Hands::Keys => self.reach(&found, Key::Return).await,
        }
    }

    /// Gives a part of the page the focus, where a Tab could give it, and presses a key.
    async fn reach(&self, part: &WebElement, key: Key) {
        let order = part.prop("tabIndex").await.unwrap();
        assert!(
            order.is_some_and(|order| order != "-1"),
            "no Tab leads to {}",
            part.outer_html().await.unwrap()
        );
        part.focus().await.unwrap();
        part.send_keys(key + "").await.unwrap();
    }

    /// Writes into a field, instead of what is there.
    pub async fn fill(&self, field: &str, text: &str) {
        let found = self.one(&format!("main [name={field:?}]:not([type=hidden])")).await;
        let kind = found.attr("type").await.unwrap().unwrap_or_default();
        if kind == "date" || kind == "datetime-local" {
            // What is typed into these goes by the browser's language.
            let script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}));";
            self.driver.execute(script, vec![found.to_json().unwrap(), json!(text)]).await.unwrap();
            return;
        }
        found.clear().await.unwrap();
        found.send_keys(text).await.unwrap();
    }

    /// Ticks a box, or chooses one of several.
    pub async fn tick(&self, field: &str, value: &str) {
        let found = self.one(&format!("main input[name={field:?}][value={value:?}]")).await;
        if !found.is_selected().await.unwrap() {
            match self.hands {
                Hands::Mouse => {
                    found.scroll_into_view().await.unwrap();
                    found.click().await.unwrap();
                }
                Hands::Keys => self.reach(&found, Key::Space).await,
            }
        }
    }

    /// Chooses from a list that opens, where value and words of a choice are the same.
    pub async fn choose(&self, field: &str, choice: &str) {
        self.choose_words(field, choice, choice).await;
    }

    /// Chooses from a list that opens, by the words of a choice, which has this value.
    pub async fn choose_words(&self, field: &str, words: &str, value: &str) {
        let list = format!("main select[name={field:?}]");
        match self.hands {
            Hands::Mouse => self.one(&format!("{list} option[value={value:?}]")).await.click().await.unwrap(),
            Hands::Keys => self.one(&list).await.send_keys(words).await.unwrap(),
        }
        assert_eq!(self.value(field).await, value);
    }

    /// What stands in a field.
    pub async fn value(&self, field: &str) -> String {
        let found = self.one(&format!("main [name={field:?}]:not([type=hidden])")).await;
        found.prop("value").await.unwrap().unwrap_or_default()
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str, arguments: Vec<Json>) -> Json {
        self.driver.execute(script, arguments).await.unwrap().json().clone()
    }

    /// The driver, for what is not here.
    pub const fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Goes to a page, and returns its status.
    pub async fn opens(&self, path: &str) -> u64 {
        self.go(path).await;
        self.run(STATUS, Vec::new()).await.as_u64().unwrap()
    }

    /// Runs a script that sends a form, waits for what it is answered with, and returns its status.
    pub async fn sends(&self, script: &str, arguments: Vec<Json>) -> u64 {
        self.run(&format!("window.isStillHere = true; {script}"), arguments).await;
        let there = format!("if (!window.isStillHere && document.readyState === 'complete') {{ {STATUS} }}");
        let deadline = std::time::Instant::now() + PATIENCE;
        loop {
            // Between two pages there is none to ask.
            let status = self.driver.execute(&there, Vec::new()).await;
            if let Some(status) = status.ok().and_then(|status| status.json().as_u64()) {
                return status;
            }
            assert!(std::time::Instant::now() < deadline, "still at {}", self.path().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Signs in by the pages, as somebody of a world. Moves its clock by half a minute.
    pub async fn sign_in(&self, world: &World, owner: &Owner) {
        self.go("/sign-in").await;
        self.give_name(world, owner).await;
    }

    /// Gives name, password and code where the page to sign in is shown.
    pub async fn give_name(&self, world: &World, owner: &Owner) {
        self.fill("name", &owner.account.name).await;
        self.fill("password", PASSWORD).await;
        self.press("Continue").await;
        self.give_code(world, owner).await;
    }

    /// Gives the code of the second factor where it is asked for.
    pub async fn give_code(&self, world: &World, owner: &Owner) {
        self.one("input[name=code]").await;
        self.fill("code", &world.next_code(owner)).await;
        self.press("Continue").await;
        // Whoever goes on before would go on as nobody.
        self.one("nav").await;
    }

    /// Looks at the page as it is: axe finds nothing in light, dark and forced colours, nothing is too wide, and nothing was complained of.
    pub async fn look(&self) {
        let wrong = self.wrong().await;
        assert!(wrong.is_empty(), "{}:\n{}", self.path().await, wrong.join("\n"));
    }

    /// What is wrong with the page as it is.
    pub async fn wrong(&self) -> Vec<String> {
        let mut wrong = self.complaints().await;
        if self.scripts == Scripts::On {
            for (feature, value) in [
                ("prefers-color-scheme", "dark"),
                ("forced-colors", "active"),
                ("prefers-color-scheme", "light"),
            ] {
                self.prefers(feature, value).await;
                wrong.extend(self.axe().await.into_iter().map(|it| format!("{value}: {it}")));
            }
            self.prefers("prefers-reduced-motion", "reduce").await;
            let moving = self.run(MOVES, Vec::new()).await;
            wrong.extend(moving.as_str().map(|part| format!("moves where nothing should: {part}")));
            for width in [PHONE, DESK, NARROWEST] {
                self.width(width).await;
                let found = self.run(TOO_WIDE, Vec::new()).await;
                if let Some(found) = found.as_str() {
                    wrong.push(format!("at {width}: {found}"));
                }
            }
            self.width(self.width).await;
        }
        wrong
    }

    /// What is wrong with the page as it is, at a glance: in light colours, and where it is narrowest.
    pub async fn wrong_at_a_glance(&self) -> Vec<String> {
        let mut wrong = self.complaints().await;
        wrong.extend(self.axe().await);
        self.width(NARROWEST).await;
        let found = self.run(TOO_WIDE, Vec::new()).await;
        wrong.extend(found.as_str().map(|found| format!("at {NARROWEST}: {found}")));
        self.width(self.width).await;
        wrong
    }

    async fn prefers(&self, feature: &str, value: &str) {
        let features = json!([{ "name": feature, "value": value }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// What axe finds.
    async fn axe(&self) -> Vec<String> {
        let axe = &needed().map_err(str::to_owned).unwrap().axe;
        self.run(axe, Vec::new()).await;
        let script = "const done = arguments[arguments.length - 1];
            axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
               .then((found) => done(found.violations.map((it) => `${it.id}: ${it.help}: ${it.nodes.slice(0, 3).map((node) => node.html).join(' ')}`)));";
        let found = self.driver.execute_async(script, Vec::new()).await.unwrap();
        let found = found.json().as_array().cloned().unwrap_or_default();
        found.into_iter().map(|it| it.as_str().unwrap_or_default().to_owned()).collect()
    }

    /// What the browser complained of since it was asked last, and what was asked for from elsewhere.
    async fn complaints(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.unwrap();
        let refusal = |text: &str| {
            ["403", "404", "422"]
                .iter()
                .any(|status| text.contains(&format!("responded with a status of {status}")))
        };
        let mut wrong: Vec<String> =
            log.into_iter().map(|entry| entry.message).filter(|message| !refusal(message)).collect();
        if self.scripts == Scripts::On {
            let script = "return performance.getEntriesByType('resource').map((it) => it.name).filter((name) => !name.startsWith(location.origin + '/'));";
            let elsewhere = self.run(script, Vec::new()).await;
            wrong.extend(elsewhere.as_array().into_iter().flatten().map(|name| format!("asked for {name}")));
        }
        wrong
    }
}

fn capabilities(needed: &Needed, profile: &str, width: u32, scripts: Scripts) -> Capabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    capabilities.set_binary(needed.chromium.to_str().unwrap()).unwrap();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-GB",
        "--hide-scrollbars",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
        &format!("--user-data-dir={profile}"),
        &format!("--window-size={width},900"),
    ] {
        capabilities.add_arg(argument).unwrap();
    }
    if scripts == Scripts::Off {
        let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
        capabilities.add_experimental_option("prefs", off).unwrap();
    }
    let mut capabilities = Capabilities::from(capabilities);
    capabilities.set("goog:loggingPrefs", json!({ "browser": "WARNING" })).unwrap();
    capabilities
}
