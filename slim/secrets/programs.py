"""Programs whose password is an argument or option without a name that says so: where the password begins.

A password is the word after a match, in a shell command or a list of words. Gaps are of bounded length: the
work is linear.
"""

from __future__ import annotations

from slim.patterns import regex

_TO = r"""(?:["']?,?[ \t]{1,4}["']?|["'],["'])"""
"""To the next word …"""
_AT = r"""(?:["']?,?[ \t]{1,4}|["'],(?=["']))"""
"""… and to the password, which begins with its quote."""
_ON = rf"[^\n;&|]{{0,200}}?{_TO}"
"""To the option that counts, in the same command."""
_WORD = r"""[^\s;&|"'-][^\s;&|"']{0,200}"""
_ARGUMENT, _LAST = f"{_WORD}{_TO}", f"{_WORD}{_AT}"
"""Another argument before it; the one just before it."""
_OPTIONS = rf"(?:-[a-zA-Z]{{1,8}}{_TO}){{0,4}}"
_BEFORE_PASSWORD = (
    rf"sshpass(?:{_TO}-[a-oq-zA-Z]\S{{0,40}}){{0,3}}{_TO}-p(?:{_AT})?",
    rf"(?:mysql|mysqladmin|mysqldump|mariadb|7z|7za|7zr)\b{_ON}-p(?=[\"']?[^\s,;&|\]\"'])",
    rf"redis-cli\b{_ON}-a{_AT}",
    rf"-pass(?:in|out)?{_TO}pass:",
    rf"openssl\b{_ON}-k{_AT}",
    rf"(?:docker|podman|buildah|skopeo|nerdctl|crane|oras|az|registry|oc){_TO}login\b{_ON}-p{_AT}",
    rf"(?:twine|mongo[a-z]{{0,10}}|useradd|usermod)\b{_ON}-p{_AT}",
    rf"(?:zip|unzip|zipcloak)\b{_ON}-P{_AT}",
    rf"ldap(?:search|add|modify|delete|passwd|whoami)\b{_ON}-w{_AT}",
    rf"(?:vault|cargo){_TO}login{_AT}(?=[^\s;&|<>-])",
    rf"htpasswd{_TO}(?=-[a-zA-Z]{{0,8}}b){_OPTIONS}{_ARGUMENT}{_LAST}(?=[^\s;&|<>])",
    rf"htpasswd{_TO}(?=-[a-zA-Z]{{0,8}}n)(?=-[a-zA-Z]{{0,8}}b){_OPTIONS}{_LAST}",
    rf"rabbitmqctl{_TO}(?:add_user|change_password){_TO}{_LAST}",
    rf"http-basic\.[^\s\"']{{1,200}}{_TO}{_LAST}",
    rf"bundle{_TO}config{_TO}(?:set{_TO})?(?:--\S{{1,20}}{_TO})?\S{{1,200}}{_TO}[^\s:/;&|-][^\s:/]{{0,100}}:",
    rf"rclone{_TO}config\b{_ON}(?:pass|secret_access_key|key|token|client_secret){_AT}",
    r"(?:smbclient|rpcclient|mount\.cifs)\b[^\n;&|%]{0,200}%",
    rf"(?i:net){_TO}use{_TO}(?:[A-Za-z*]:?{_TO})?\\{{2,8}}[^\s\"';&|]{{1,200}}{_AT}(?=[^\s/;&|<>-])",
    rf"lftp\b{_ON}-u{_TO}[^\s,;&|]{{1,100}},",
    rf"machine[ \t][^;&|]{{1,200}}?[ \t\n]password{_AT}",
)
BEFORE_PASSWORD = regex(rf"(?<![\w-])(?:{'|'.join(_BEFORE_PASSWORD)})")
PIPED_PASSWORD = regex(
    r"""((?:echo|printf)(?:[ \t]{1,4}-[neE]{1,3})?(?:[ \t]{1,4}["']?%s(?:\\n)?["']?)?[ \t]{1,4})"""
    r"""("[^"\n]{1,500}"|'[^'\n]{1,500}'|[^\s|;&"']{1,500})"""
    r"""(?=[ \t]{0,8}\|[^\n;&|]{0,200}(?:--password-stdin|--with-token|--passphrase-fd|sudo -S))"""
)
"""`echo PASSWORD | login --password-stdin`: in the second group."""
