import pathlib

out = pathlib.Path("site")
out.mkdir()
names = []
for page in sorted(pathlib.Path("texts").glob("*.txt")):
    title, _, body = page.read_text().partition("\n")
    (out / f"{page.stem}.html").write_text(f"<h1>{title}</h1><p>{body.strip()}</p>")
    names.append(page.stem)
(out / "index.html").write_text("<h1>Manual</h1>" + "".join(f"<a href='{name}.html'>{name}</a>" for name in names))
