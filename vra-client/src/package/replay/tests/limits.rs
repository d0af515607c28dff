//! Limits of memory, output and packages.

use std::time::Duration;

use serde_json::json;

use super::{ReplayError, inputs, over_handler, over_program, package, python, python_program, raised, script};
use crate::package::{FileModes, Package, Replay};
use crate::plugin::Action;

#[test]
fn the_modes_of_the_files_do_not_matter() {
    if !python() {
        return;
    }
    let program = python_program("print(json.dumps({'program': sys.argv[0], 'action': sys.argv[1]}))");
    for modes in [FileModes::Kept, FileModes::Lost, FileModes::ReadOnly] {
        let done = over_program(&program).with_file_modes(modes).run(&inputs()).unwrap();
        assert_eq!(done.result["action"], "allocate-ip");
        let copied = done.result["program"].as_str().unwrap().contains("/tmp/tmp");
        assert_eq!(copied, modes == FileModes::ReadOnly, "{modes:?}: {}", done.result);
        assert!(done.wall_time >= done.handler_time && done.handler_time > Duration::ZERO);
    }
}

#[test]
fn memory_is_limited_for_the_script_and_for_its_program() {
    if !python() {
        return;
    }
    let error = over_handler("def handler(context, inputs):\n    return len(bytearray(400 << 20))\n");
    let error = error.with_memory_mb(200).run(&inputs()).unwrap_err();
    assert!(matches!(error, ReplayError::OutOfMemory { megabytes: 200, .. }), "{error:?}");

    let program = python_program("import resource\nprint(json.dumps(resource.getrlimit(resource.RLIMIT_AS)))");
    let done = over_program(&program).with_memory_mb(300).run(&inputs()).unwrap();
    assert_eq!(done.result, json!([300 << 20, 300 << 20]));

    // The last words of a program in Rust.
    let program = "#!/bin/sh\necho 'memory allocation of 9 bytes failed' >&2\nkill -ABRT $$\n";
    let error = over_program(program).run(&inputs()).unwrap_err();
    assert!(matches!(error, ReplayError::OutOfMemory { .. }), "{error:?}");

    assert!(matches!(over_program("").with_memory_mb(63).run(&inputs()), Err(ReplayError::Input { .. })));
    let no_time = over_program("").with_time_limit(Duration::ZERO);
    assert!(matches!(no_time.run(&inputs()), Err(ReplayError::Input { part: "time limit", .. })));
}

#[test]
fn output_is_limited() {
    if !python() {
        return;
    }
    let message = raised(&over_program(&python_program("for _ in range(70): sys.stdout.write(' ' * (1 << 20))")));
    assert!(message.contains("printed more than 67108864 bytes"), "{message}");

    let message = raised(&over_program(&python_program("sys.stderr.write('e' * (1 << 20)); sys.exit(7)")));
    assert!(message.contains("exit code 7") && message.len() < 5000, "{}", message.len());

    let error =
        over_handler("def handler(context, inputs):\n    return 'x' * (17 << 20)\n").run(&inputs()).unwrap_err();
    assert!(matches!(error, ReplayError::TooLarge { .. }), "{error:?}");

    let source = "def handler(context, inputs):\n    print('y' * (1 << 20))\n    return None\n";
    let done = over_handler(source).run(&inputs()).unwrap();
    assert!(done.result.is_null() && done.log.len() == 64 << 10, "{}", done.log.len());
}

#[test]
fn a_result_that_is_not_json_is_refused() {
    if !python() {
        return;
    }
    for result in ["{1, 2}", "float('nan')", "context", "'\\ud800'"] {
        let error = over_handler(&format!("def handler(context, inputs):\n    return {result}\n")).run(&inputs());
        assert!(matches!(error, Err(ReplayError::NotJson { .. })), "{result}: {error:?}");
    }
}

#[test]
fn what_a_package_lacks_is_named() {
    let package = package(&[("source.py", "")], 60);
    let error = Replay::new(package.clone(), Action::UpdateRecord).run(&inputs()).unwrap_err();
    assert_eq!(error.to_string(), "the package has no action Update; it has AllocateIP");
    let range = Replay::new(package.clone(), Action::AllocateIpRange).run(&inputs());
    assert!(matches!(range, Err(ReplayError::NoAction { .. })), "the name of one action begins that of another");
    let replay = Replay::new(Package::from_bytes(Vec::new()), Action::AllocateIp);
    assert!(matches!(replay.run(&inputs()), Err(ReplayError::Package(_))));
    let replay = Replay::new(package, Action::AllocateIp);
    assert!(matches!(replay.run(&json!([])), Err(ReplayError::Input { part: "inputs", .. })));
    let replay = replay.with_credentials(json!("text"));
    assert!(matches!(replay.run(&inputs()), Err(ReplayError::Input { part: "credentials", .. })));
}

#[test]
fn a_missing_interpreter_is_told_from_one_that_fails() {
    let replay = |python: &str| over_program("").with_python(python).run(&inputs()).unwrap_err();
    let error = replay("python-of-nowhere");
    assert!(error.to_string().contains("not found; install Python 3.7"), "{error}");
    assert!(matches!(replay("/nowhere/python3"), ReplayError::Python { .. }));
    assert!(matches!(replay("/dev/null"), ReplayError::Python { .. }));
    let error = replay("false");
    assert!(matches!(&error, ReplayError::Ended { how, .. } if how == "exit code 1"), "{error:?}");
}

#[test]
fn the_script_is_python_3_7() {
    if !python() {
        return;
    }
    let source = "import ast\n\
                  def handler(context, inputs):\n    ast.parse(inputs['script'], feature_version=(3, 7))\n    return True\n";
    let done = over_handler(source).run(&json!({"script": script(60)})).unwrap();
    assert_eq!(done.result, json!(true));
}
