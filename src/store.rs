//! The folder on disk: atomic files, modes, and the layout of a PKI folder.
