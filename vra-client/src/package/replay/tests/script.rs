//! The script of an action between vRA and the program.

use serde_json::json;

use super::{
    PROGRAM, ReplayError, inputs, over_program, package, python, python_program, raised, script, with_credentials,
};
use crate::package::Replay;
use crate::plugin::Action;

/// Program that returns what it read.
const ECHO: &str = "print(json.dumps(json.load(sys.stdin)))";

#[test]
fn inputs_and_credentials_reach_the_program() {
    if !python() {
        return;
    }
    let done = over_program(&python_program(ECHO)).run(&inputs()).unwrap();
    assert_eq!(done.result["inputs"], inputs());
    assert!(done.result["credentials"]["content"].as_str().unwrap().contains("privateKey"));
    // No link, no credentials.
    let done = over_program(&python_program(ECHO)).run(&json!({"endpoint": null})).unwrap();
    assert_eq!(done.result, json!({"inputs": {"endpoint": null}}));
}

/// Returns a replay whose handler calls the real script in another way.
fn wrapped(call: &str) -> Replay {
    let source = format!(
        "import json, shim\n\
         class Text:\n    \
             def __init__(self, context): self.context = context\n    \
             def request(self, *args): return json.dumps(self.context.request(*args))\n\
         def handler(context, inputs):\n    return {call}\n"
    );
    let program = python_program(ECHO);
    with_credentials(package(&[("source.py", &source), ("shim.py", &script(60)), (PROGRAM, &program)], 60))
}

#[test]
fn texts_are_read_like_objects() {
    if !python() {
        return;
    }
    let done = wrapped("shim.handler(Text(context), json.dumps(inputs))").run(&inputs()).unwrap();
    assert_eq!(done.result["inputs"], inputs());
    assert_eq!(done.result["credentials"]["status"], 200);
    for call in ["shim.handler(context, 'x')", "shim.handler(context, [])", "shim.handler(context, '7')"] {
        assert!(raised(&wrapped(call)).contains("the inputs of the action is not"), "{call}");
    }
}

#[test]
fn a_response_without_credentials_is_named() {
    if !python() {
        return;
    }
    let package = package(&[("source.py", &script(60)), (PROGRAM, "#!/bin/sh\n")], 60);
    // The stand-in refuses what it does not know, as vRA does.
    let message = raised(&Replay::new(package.clone(), Action::AllocateIp));
    assert!(message.contains("vRA returned status 404"), "{message}");
    for (response, expected) in
        [(json!({"status": 403, "content": ""}), "status 403"), (json!({"status": "500"}), "status 500")]
    {
        let message = raised(&Replay::new(package.clone(), Action::AllocateIp).with_credentials(response));
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_error_of_a_program_is_the_message_of_the_exception() {
    if !python() {
        return;
    }
    let error = r#"'{\n  "error": {\n    "kind": "exhausted",\n    "message": "No free address"\n  }\n}'"#;
    for note in ["", "a note\\n"] {
        let message =
            raised(&over_program(&python_program(&format!("sys.stderr.write('{note}' + {error}); sys.exit(1)"))));
        assert_eq!(message, "No free address");
    }
    let error = over_program(&python_program("sys.stderr.write('?'); sys.exit(1)")).run(&inputs()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("allocate-ip failed with exit code 1. ?") && text.contains("(at source.py:"), "{text}");
}

#[test]
fn a_program_that_a_signal_ends_is_named() {
    if !python() {
        return;
    }
    for (signal, expected) in [("SEGV", "signal SIGSEGV"), ("KILL", "no memory is left"), ("TERM", "signal SIGTERM")] {
        let message = raised(&over_program(&format!("#!/bin/sh\nkill -{signal} $$\n")));
        assert!(message.contains(expected), "{message}");
    }
    let message = raised(&over_program("no program"));
    assert!(message.contains("cannot be started: Exec format error"), "{message}");
}

#[test]
fn outputs_count_although_the_end_of_the_session_failed() {
    if !python() {
        return;
    }
    let program = python_program(
        "print('{\"done\": true}'); sys.stderr.write('{\"error\": {\"message\": \"no logout\"}}'); sys.exit(1)",
    );
    let done = over_program(&program).run(&inputs()).unwrap();
    assert_eq!(done.result, json!({"done": true}));
    assert_eq!(done.log, "allocate-ip is done, but: no logout\n");
    let message = raised(&over_program(&python_program("print('hello')")));
    assert!(message.contains("printed something that is not JSON"), "{message}");
}

#[test]
fn a_program_need_not_read_its_input() {
    if !python() {
        return;
    }
    let mut inputs = inputs();
    inputs["long"] = "x".repeat(4 << 20).into();
    let done = over_program("#!/bin/sh\nexec 0<&-\necho '{\"done\": true}'\n").run(&inputs).unwrap();
    assert_eq!(done.result, json!({"done": true}));
    // It prints before it reads, so both pipes are full at once.
    let program = python_program(
        "sys.stdout.write(' ' * (1 << 20)); sys.stdout.flush(); sys.stdout.write(str(len(sys.stdin.read())))",
    );
    let done = over_program(&program).run(&inputs).unwrap();
    assert!(done.result.as_u64().unwrap() > 4 << 20);
}

#[test]
fn a_script_that_cannot_be_loaded_is_an_exception() {
    if !python() {
        return;
    }
    for (source, expected) in [
        ("def handler(:\n", "SyntaxError"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
        ("", "AttributeError"),
    ] {
        let error = super::over_handler(source).run(&inputs()).unwrap_err();
        assert!(matches!(&error, ReplayError::Raised { exception, .. } if exception == expected), "{error:?}");
    }
}
