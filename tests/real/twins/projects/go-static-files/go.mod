module example.org/fileserver

go 1.22
