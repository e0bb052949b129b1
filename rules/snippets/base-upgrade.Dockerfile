# A newer base holds the updated packages once; `apt-get upgrade` on an old one stores them a second time.
FROM {base_image}:{newer_tag}
