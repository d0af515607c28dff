//! The password of the endpoint is nowhere but on the program's standard input.

use serde_json::json;

use super::{
    SECRET, inputs, over_handler, over_program, package, python, python_program, raised, script, with_credentials,
};

#[test]
fn arguments_environment_and_files_have_no_secret() {
    if !python() {
        return;
    }
    let program = python_program(
        "call = json.load(sys.stdin)\n\
         found = {}\n\
         for pid in ('self', str(os.getppid())):\n    \
             for name in ('environ', 'cmdline'):\n        \
                 found[pid + name] = open('/proc/%s/%s' % (pid, name), 'rb').read().decode('utf-8', 'replace')\n\
         root = os.path.dirname(os.environ['TMPDIR'])\n\
         for directory, _, names in os.walk(root):\n    \
             for name in names:\n        \
                 found[name] = open(os.path.join(directory, name), 'rb').read().decode('utf-8', 'replace')\n\
         variables = sorted(os.environ)\n\
         secret = json.loads(call['credentials']['content'])['privateKey']\n\
         print(json.dumps({'found': found, 'variables': variables, 'length': len(secret)}))",
    );
    let done = over_program(&program).run(&inputs()).unwrap();
    assert_eq!(done.result["length"], SECRET.len(), "the program does get it");
    assert!(done.result["found"].as_object().unwrap().len() >= 6, "{}", done.result);
    assert!(!done.result.to_string().contains(SECRET), "{}", done.result);
    let variables = done.result["variables"].as_array().unwrap();
    // Some interpreters set variables of their own; none comes from this process, which has many.
    assert!(!variables.contains(&json!("HOME")) && !variables.contains(&json!("CARGO_MANIFEST_DIR")), "{variables:?}");
}

#[test]
fn messages_and_logs_hide_the_secret() {
    if !python() {
        return;
    }
    let failing = python_program("sys.stderr.write(sys.stdin.read()); sys.exit(3)");
    let message = raised(&over_program(&failing));
    assert!(message.contains("REDACTED") && !message.contains(SECRET), "{message}");

    let source = "def handler(context, inputs):\n    \
                      response = context.request(inputs['endpoint']['authCredentialsLink'], 'GET', '')\n    \
                      print(response)\n    \
                      if inputs.get('fail'):\n        raise ValueError(response)\n    \
                      return len(response)\n";
    let done = over_handler(source).run(&inputs()).unwrap();
    assert!(done.log.contains("REDACTED") && !done.log.contains(SECRET), "{}", done.log);
    let mut failing = inputs();
    failing["fail"] = json!(true);
    let error = over_handler(source).run(&failing).unwrap_err();
    assert!(matches!(&error, super::ReplayError::Raised { log, .. } if log.contains("REDACTED")), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(SECRET) && error.to_string().contains("ValueError"), "{error}");
    assert!(!format!("{:?}", over_handler(source)).contains(SECRET));
}

#[test]
fn tracebacks_of_the_script_have_no_secret() {
    if !python() {
        return;
    }
    // The runtime logs tracebacks, with the exceptions before.
    let source = "import traceback, shim\n\
                  class Broken:\n    \
                      def __init__(self, context): self.context = context\n    \
                      def request(self, *args): return '{' + self.context.request(*args)['content']\n\
                  def handler(context, inputs):\n    \
                      for wrapped in (context, Broken(context)):\n        \
                          try:\n            shim.handler(wrapped, inputs)\n        \
                          except Exception as error:\n            traceback.print_exc()\n            print(repr(error.__context__))\n    \
                      return None\n";
    for program in [
        "#!/bin/sh\nsleep 100\n",
        "#!/bin/sh\ncat >&2\nexit 1\n",
        "#!/bin/sh\ncat\nexit 1\n",
        "#!/bin/sh\necho '{'; cat\n",
        "no program",
    ] {
        let files = [("source.py", source), ("shim.py", &script(1)), (super::PROGRAM, program)];
        let mut running = with_credentials(package(&files, 60)).start(&inputs()).unwrap();
        // The replay would hide it.
        running.secrets.clear();
        let log = running.wait().unwrap().log;
        assert!(log.contains("Traceback") && !log.contains(SECRET), "{program}: {log}");
    }
}
