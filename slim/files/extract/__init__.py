"""Facts about contents, taken while a layer streams by: what an ELF or BEAM file is made of, small texts."""
