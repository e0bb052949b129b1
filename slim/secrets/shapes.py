"""Values that are secrets whatever they are called: tokens that begin as their issuer lets them, keys in PEM.

Prefixes are from the issuers' documentation. A bare long text is none: digests and commits look like that.
"""

from __future__ import annotations

import re

from slim.patterns import regex

_PEM = regex(
    r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END ).)*"
    r"(?:-----END [A-Z0-9 ]{1,60}-----)?",
    re.DOTALL,
)
_TOKENS = regex(
    r"(?<![A-Za-z0-9])(?:"
    r"gh[opsur]_[A-Za-z0-9]{20,}"  # GitHub
    r"|github_pat_[A-Za-z0-9_]{20,}"
    r"|gl(?:pat|dt|rt|rtr|ptt|cbt|ft|imt|soat|agent|oas|ffct)-[A-Za-z0-9_.-]{16,}"  # GitLab
    r"|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}"  # Slack
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"  # AWS
    r"|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"  # Google
    r"|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{20,}"  # Stripe
    r"|sk-(?:ant-|proj-|svcacct-)[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{32,}"  # Anthropic, OpenAI
    r"|npm_[A-Za-z0-9]{30,}|pypi-Ag[A-Za-z0-9_-]{14,}|pypi-[A-Za-z0-9_-]{60,}"
    r"|rubygems_[a-f0-9]{40,}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|do[opr]_v1_[a-f0-9]{40,}|hv[sbr]\.[A-Za-z0-9_-]{20,}"  # DigitalOcean, Vault
    r"|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{30,}|ATATT3x[A-Za-z0-9_=-]{20,}|ATCTT3x[A-Za-z0-9_=-]{20,}"
    r"|sntry[su]_[A-Za-z0-9_+/=-]{20,}|glsa_[A-Za-z0-9_]{20,}|glc_[A-Za-z0-9+/=]{20,}"
    r"|lin_api_[A-Za-z0-9]{20,}|PMAK-[a-f0-9-]{30,}|NRAK-[A-Z0-9]{20,}|dapi[a-f0-9]{32}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{20,}|ops_eyJ[A-Za-z0-9_-]{20,}|tskey-[a-z]{2,12}-[A-Za-z0-9-]{10,}"
    r"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|\d{8,10}:AA[A-Za-z0-9_-]{30,}"  # SendGrid, Telegram
    r"|hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9/_-]{10,}"
    r"|discord(?:app)?\.com/api/webhooks/\d{5,25}/[A-Za-z0-9_-]{10,}"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]{0,8192}){1,4}"  # JWT, JWE
    r")"
)
_AFTER_WORD = regex(
    r"(?<![A-Za-z0-9_-])((?:bearer|basic|token|apikey|api-key)(?:\\?[ \t]){1,8})([A-Za-z0-9+/_=.~-]{8,})",
    re.IGNORECASE,
)
_LETTER, _DIGIT = regex(r"[A-Za-z]"), regex(r"[0-9]")


def hide_shapes(text: str, mark: str) -> str:
    """The text with `mark` for each such value."""
    if "-----BEGIN " in text:
        text = _PEM.sub(mark, text)
    text = _TOKENS.sub(mark, text)
    return _AFTER_WORD.sub(lambda found: _after(found, mark), text)


def _after(found: re.Match[str], mark: str) -> str:
    """After a word of authentication: letters and digits mixed, or long; no word of a sentence."""
    value = found[2]
    mixed = _LETTER.search(value) is not None and _DIGIT.search(value) is not None
    if len(value) >= 40 or (mixed and "/" not in value[:1] and len(value) >= 12):
        return found[1] + mark
    return found[0]
