//! IP address management as a library.
