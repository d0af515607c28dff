//! Every way in which a replay ends, and what is left of it: no process and no file.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{
    PROGRAM, ReplayError, alive, assert_ends, inputs, over_program, package, python, python_program, script,
    with_credentials, written,
};
use crate::package::{FileModes, Replay};

/// Returns a program that has a child, writes both numbers and its directory into `path`, and does not end.
fn endless(path: &Path) -> String {
    python_program(&format!(
        "import subprocess\n\
         child = subprocess.Popen(['sleep', '1000'])\n\
         with open({path:?}, 'w') as out:\n    \
             out.write('%d\\n%d\\n%s\\n' % (os.getpid(), child.pid, os.environ['TMPDIR']))\n\
         child.wait()"
    ))
}

fn replay(path: &Path) -> Replay {
    over_program(&endless(path)).with_file_modes(FileModes::ReadOnly)
}

fn assert_nothing_left(lines: &[String]) {
    assert!(!alive(&lines[0]) && !alive(&lines[1]), "{lines:?}");
    assert!(!Path::new(&lines[2]).parent().unwrap().exists(), "{lines:?}");
}

#[test]
fn the_time_limit_ends_all_processes_and_removes_all_files() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pids");
    // Long enough for the program to start on a busy machine; repeated with more time where it was not.
    for seconds in [2, 10, 60] {
        let error = replay(&path).with_time_limit(Duration::from_secs(seconds)).run(&inputs()).unwrap_err();
        assert!(matches!(error, ReplayError::TimedOut { .. }), "{error:?}");
        if path.exists() {
            break;
        }
    }
    assert_nothing_left(&written(&path, 3));
}

#[test]
fn a_replay_that_is_dropped_or_stopped_leaves_nothing() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("dropped");
    let running = replay(&path).start(&inputs()).unwrap();
    let lines = written(&path, 3);
    assert!(alive(&lines[0]) && alive(&lines[1]));
    drop(running);
    assert_nothing_left(&lines);

    let path = directory.path().join("stopped");
    let running = replay(&path).start(&inputs()).unwrap();
    let stopper = running.stopper();
    let waiting = std::thread::spawn(move || running.wait());
    let lines = written(&path, 3);
    stopper.stop();
    assert!(matches!(waiting.join().unwrap(), Err(ReplayError::Stopped { .. })));
    assert_nothing_left(&lines);
    stopper.stop();
}

#[test]
fn a_program_that_a_handler_leaves_behind_ends_with_the_replay() {
    if !python() {
        return;
    }
    let source =
        "import subprocess\ndef handler(context, inputs):\n    return subprocess.Popen(['sleep', '1000']).pid\n";
    let done = super::over_handler(source).run(&inputs()).unwrap();
    assert_ends(&done.result.to_string());
}

/// Returns the message of an action whose script gives its program 3 s.
fn raised_at_limit(program: &str) -> String {
    super::raised(&with_credentials(package(&[("source.py", script(3).as_str()), (PROGRAM, program)], 60)))
}

#[test]
fn the_script_ends_its_program_at_its_own_limit() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pid");
    let program = python_program(&format!(
        "import time\n\
         with open({path:?}, 'w') as out: out.write('%d\\n' % os.getpid())\n\
         time.sleep(1000)"
    ));
    let message = raised_at_limit(&program);
    assert!(message.contains("did not finish within 3 seconds") && message.contains("run it again"), "{message}");
    assert!(!alive(&written(&path, 1)[0]));
}

/// Returns a program that undoes its work when it is told to stop, and writes its number, and a line when it has done so.
fn undoing(path: &Path) -> String {
    python_program(&format!(
        "import signal, time\n\
         def undo(number, frame):\n    \
             open({path:?}, 'a').write('undone\\n')\n    \
             sys.stderr.write(json.dumps({{'error': {{'kind': 'timeout', 'message': 'what was begun is undone'}}}}))\n    \
             sys.exit(1)\n\
         signal.signal(signal.SIGTERM, undo)\n\
         with open({path:?}, 'w') as out: out.write('%d\\n%d\\n' % (os.getpid(), os.getppid()))\n\
         time.sleep(1000)"
    ))
}

#[test]
fn a_program_undoes_its_work_at_the_limit_of_its_script() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lines");
    let message = raised_at_limit(&undoing(&path));
    assert!(message.contains("what was begun is undone"), "{message}");
    let lines = written(&path, 3);
    assert_eq!(lines[2], "undone");
    assert!(!alive(&lines[0]));
}

#[test]
fn a_program_undoes_its_work_when_its_script_is_told_to_stop() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lines");
    let running = over_program(&undoing(&path)).start(&inputs()).unwrap();
    let lines = written(&path, 2);
    kill_process(Pid::from_raw(lines[1].parse().unwrap()).unwrap(), Signal::TERM).unwrap();
    assert_eq!(written(&path, 3)[2], "undone");
    assert_ends(&lines[0]);
    drop(running);
}

#[test]
fn a_script_that_is_told_to_stop_ends_its_program_first() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pid");
    let program = python_program(&format!(
        "import time\n\
         with open({path:?}, 'w') as out: out.write('%d\\n%d\\n' % (os.getpid(), os.getppid()))\n\
         time.sleep(1000)"
    ));
    let running = over_program(&program).start(&inputs()).unwrap();
    let lines = written(&path, 2);
    kill_process(Pid::from_raw(lines[1].parse().unwrap()).unwrap(), Signal::TERM).unwrap();
    // The replay itself has ended nothing so far.
    assert_ends(&lines[0]);
    let error = running.wait().unwrap_err();
    assert!(matches!(&error, ReplayError::Ended { how, .. } if how == "signal 15"), "{error:?}");
}
