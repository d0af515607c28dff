//! Check of the program of a package.

use elf::ElfBytes;
use elf::abi::{DT_NEEDED, EM_X86_64, ET_DYN, ET_EXEC, PT_INTERP};
use elf::endian::AnyEndian;

use super::PackageError;

/// Largest program, in bytes. vRA refuses packages of several hundred megabytes, and there are up to eight copies.
const MAX_BYTES: usize = 64 << 20;

const REMEDY: &str =
    "build it for x86_64-unknown-linux-musl, or for x86_64-unknown-linux-gnu with -C target-feature=+crt-static";

/// Checks that the program runs in vRA's container: ELF for x86-64, and linked statically, because the container's libc may
/// be older than the builder's.
///
/// # Errors
/// [`PackageError::Program`] with the problem.
pub(super) fn check(program: &[u8]) -> Result<(), PackageError> {
    let refuse = |problem: String| Err(PackageError::Program { problem, remedy: REMEDY });
    if program.is_empty() {
        return refuse("is empty".to_owned());
    }
    if program.len() > MAX_BYTES {
        return Err(PackageError::Program {
            problem: format!("has {} bytes, more than {MAX_BYTES}", program.len()),
            remedy: "build it with optimization for size, and strip it",
        });
    }
    let Ok(file) = ElfBytes::<AnyEndian>::minimal_parse(program) else {
        return refuse("is not an ELF file".to_owned());
    };
    if file.ehdr.e_machine != EM_X86_64 {
        return refuse(format!("is for the machine {}, not for x86-64 (62)", file.ehdr.e_machine));
    }
    if file.ehdr.e_type != ET_EXEC && file.ehdr.e_type != ET_DYN {
        return refuse("is not an executable".to_owned());
    }
    let Some(segments) = file.segments() else { return refuse("is not an executable".to_owned()) };
    // A static executable that can be loaded at any address has a dynamic section, too. An interpreter or a needed library
    // is the sign of dynamic linking; a shared library has neither segments to start nor, often, an interpreter.
    let interpreter = segments.iter().any(|segment| segment.p_type == PT_INTERP);
    let needed = match file.dynamic() {
        Ok(dynamic) => dynamic.is_some_and(|table| table.iter().any(|entry| entry.d_tag == DT_NEEDED)),
        Err(_) => return refuse("has a damaged dynamic section".to_owned()),
    };
    if interpreter || needed {
        return refuse("is dynamically linked".to_owned());
    }
    if file.ehdr.e_entry == 0 {
        return refuse("is a library".to_owned());
    }
    Ok(())
}
