//! `ipam simulate`: a phpIPAM in this process, for tests in any language.

use std::time::Duration;

use clap::{Args, ValueEnum};
use phpipam_client::testing::{
    App, CustomColumn, Fault, Lock, Numbers, Object, Permission, Profile, Security, Server, Store, UserAccount, When,
};
use serde_json::json;

use crate::closing::Signals;
use crate::exit::Failure;
use crate::output::print_line;

/// Id of the app for user accounts.
const APP: &str = "test";
/// Id of the app for its code, and the code.
const CODE_APP: (&str, &str) = ("code", "simulated-simulated-simulated-00");
/// User account.
const USER: (&str, &str) = ("admin", "simulated");

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Version of phpIPAM: 1.4, 1.5, 1.6, 1.7 or 1.8.
    // In the place of the option of all commands, since no provider is opened. It has the same id, so that the other one is
    // not added, and the same type, since a value before the command comes here.
    #[arg(long, value_name = "VERSION", default_value = "1.8")]
    profile: String,
    /// Port of 127.0.0.1; 0 for a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Run it on PHP 7.4, as 1.4 always does, and not on PHP 8.
    #[arg(long)]
    php7: bool,
    /// Form of numbers in responses [default: that of the PHP].
    #[arg(long, value_name = "FORM")]
    numbers: Option<NumberForm>,
    /// Lock of the apps for writes. Before 1.8 file and mysql are the same: the app lock.
    #[arg(long, value_name = "KIND", default_value = "file")]
    lock: LockKind,
    /// Seconds that a write waits for the lock.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    lock_wait: u64,
    /// Send custom fields in a member custom_fields.
    #[arg(long)]
    nested: bool,
    /// Required custom field of addresses, of at most 64 characters, with this default or none. May be repeated.
    #[arg(long, value_name = "NAME[=DEFAULT]")]
    required: Vec<String>,
    /// Rows of the longest list that PHP's memory holds; a longer one is an empty 500. 128 MB hold about 18000.
    #[arg(long, value_name = "ROWS")]
    memory_rows: Option<usize>,
    /// Fault that calls meet at random, with its chance from 0 to 1. Logins are spared. May be repeated.
    #[arg(long, value_name = "NAME[=CHANCE]", value_parser = fault,
        help = "Fault that calls meet at random, with its chance from 0 to 1 [0.1 without]: latency, lock-timeout, empty-500, \
            html-200, html-502, html-503, lost-request, lost-response, expired-token. Logins are spared. May be repeated")]
    fault: Vec<(Fault, f64)>,
    /// Start of the random numbers by which faults happen.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of subnets: /24 of 10.0.0.0/8, each with a gateway.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    subnets: u32,
    /// Number of addresses in use in each subnet, after the gateway.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=253))]
    addresses: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum NumberForm {
    /// JSON numbers.
    Native,
    /// Strings.
    Strings,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LockKind {
    /// File.
    File,
    /// Row of the database.
    Mysql,
    /// No lock.
    None,
}

fn profile(text: &str) -> Result<Profile, Failure> {
    let versions: Vec<_> = Profile::ALL.iter().map(|profile| profile.version).collect();
    Profile::named(text).ok_or_else(|| {
        let remedy = format!("write one of {}, or its first two numbers", versions.join(", "));
        Failure::Usage(format!("--profile is {text:?}; {remedy}"))
    })
}

fn fault(text: &str) -> Result<(Fault, f64), String> {
    let (name, chance) = text.split_once('=').unwrap_or((text, "0.1"));
    let fault = match name {
        "latency" => Fault::Latency(Duration::from_millis(200)),
        "lock-timeout" => Fault::LockTimeout,
        "empty-500" => Fault::EmptyError500,
        "html-200" => Fault::Html200,
        "html-502" => Fault::Html(502),
        "html-503" => Fault::Html(503),
        "lost-request" => Fault::DropBefore,
        "lost-response" => Fault::DropAfter,
        "expired-token" => Fault::ExpireToken,
        _ => return Err(format!("there is no fault {name}; see ipam simulate --help")),
    };
    let chance = chance.parse().ok().filter(|chance| (0.0..=1.0).contains(chance));
    Ok((fault, chance.ok_or("write the chance as a number from 0 to 1, such as 0.25")?))
}

/// Runs the server until SIGINT or SIGTERM, after it has printed where it is.
pub(crate) async fn run(args: Simulate, as_json: bool) -> Result<(), Failure> {
    let profile = profile(&args.profile)?;
    let mut signals = Signals::new()?;
    let version = profile.version;
    let server = start(&args, profile).await?;
    server.seed(|store| fill(store, &args));
    for (number, (fault, chance)) in (0..).zip(&args.fault) {
        let calls = When::any().always().chance(*chance, args.seed.wrapping_add(number));
        server.fault(fault.clone(), calls.matching(|target| !target.path.trim_end_matches('/').ends_with("/user")));
    }
    let printed = print_line(&where_it_is(&server, version, as_json));
    // No caller finds a server whose address is not known.
    printed.map_err(|error| Failure::Failed(format!("the address of the server cannot be written: {error}")))?;
    signals.next().await;
    Ok(())
}

async fn start(args: &Simulate, mut profile: Profile) -> Result<Server, Failure> {
    if args.php7 {
        profile = profile.on_php_7();
    }
    profile.memory_rows = args.memory_rows;
    let wait = Duration::from_secs(args.lock_wait);
    let lock = match args.lock {
        LockKind::File => Lock::File(wait),
        LockKind::Mysql => Lock::MySql(wait),
        LockKind::None => Lock::Disabled,
    };
    let app = |id: &str| {
        App::new(id).with_permission(Permission::Admin).with_lock(lock).with_nested_custom_fields(args.nested)
    };
    let (code_app, code) = CODE_APP;
    let mut server = Server::builder()
        .app(app(APP))
        .app(app(code_app).with_security(Security::SslCode).with_code(code))
        .user(UserAccount::new(USER.0, USER.1))
        .profile(profile)
        // An app code is taken over TLS only, which a proxy in front of a real server ends.
        .https(true)
        .port(args.port);
    if let Some(form) = args.numbers {
        server = server.numbers(match form {
            NumberForm::Native => Numbers::Native,
            NumberForm::Strings => Numbers::Strings,
        });
    }
    server.start().await.map_err(|error| {
        let port = args.port;
        Failure::Failed(format!("port {port} of 127.0.0.1 cannot be bound: {error}; name another with --port, or 0"))
    })
}

fn fill(store: &mut Store, args: &Simulate) {
    for field in &args.required {
        let (name, default) = field.split_once('=').map_or((field.as_str(), None), |(name, text)| (name, Some(text)));
        store.add_custom_field(Object::Address, CustomColumn::text(name, 64).required(default));
    }
    let section = store.add_section("Simulated");
    for number in 0..args.subnets {
        let first = std::net::Ipv4Addr::from(0x0A00_0000 + number * 256);
        let Ok(net) = ipnet::Ipv4Net::new(first, 24) else { continue };
        let subnet = store.add_subnet(section, net.into());
        let gateway = store.add_address(subnet, std::net::Ipv4Addr::from(u32::from(first) + 1).into(), "gateway");
        store.set_field(Object::Address, gateway, "is_gateway", "1");
        store.fill(subnet, args.addresses);
    }
}

/// Returns one line that names the server, its apps and its user account.
///
/// The password and the code are made up here, and no secrets.
fn where_it_is(server: &Server, version: &str, as_json: bool) -> String {
    let url = server.url();
    let provider = format!("phpipam+http://{}@{}/{APP}", USER.0, server.address());
    let ((user, password), (code_app, code)) = (USER, CODE_APP);
    if as_json {
        let all = json!({
            "url": url, "version": version, "app": APP, "user": user, "password": password,
            "code_app": code_app, "code": code, "provider": provider,
            "password_variable": "IPAM_PASSWORD", "code_variable": "IPAM_APP_CODE",
        });
        return all.to_string();
    }
    format!(
        "url={url} version={version} app={APP} user={user} code_app={code_app} \
         IPAM_PROVIDER={provider} IPAM_PASSWORD={password} IPAM_APP_CODE={code}"
    )
}
