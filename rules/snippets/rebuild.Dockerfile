{rebuild}
