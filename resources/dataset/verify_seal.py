"""Verify this frozen dataset version: run `python3 verify_seal.py` in (or on) its folder.

Needs only Python 3.8 or newer. Checks that the folder holds its files and nothing else, every file
against the manifests, the fingerprint in SEAL.json (RFC 6962 Merkle root over the files under
data/), and, where the package `cryptography` is installed, the Ed25519 signature in SEAL.sig.
Exit status 0: nothing differs. 1: it says what.
"""

import sys

# Nothing is imported from beside this script: a json.py put here could say that all holds.
sys.path[:] = sys.path[1:]

import hashlib
import json
import os
import unicodedata

SEAL_FORMAT = "seal/1"
TAGS = ("SEAL.json", "SEAL.sig", "bag-info.txt", "bagit.txt", "manifest-sha256.txt",
        "verify_seal.py")
TAG_MANIFEST = "tagmanifest-sha256.txt"


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        for chunk in iter(lambda: data.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def regular(path):
    """The path of a file; reading a named pipe in its place would wait for ever."""
    if not os.path.isfile(path):
        raise OSError("no file: " + path)
    return path


def merkle_root(leaves):
    level = [hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").hexdigest()
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0].hex()


def manifest(path, prefix, problems):
    """Name -> digest; every line has to be one of the prefix, and none may stand twice."""
    out = {}
    try:
        with open(regular(path), encoding="utf-8") as data:
            lines = data.read().splitlines()
    except (OSError, ValueError):
        problems.append("cannot be read: " + os.path.basename(path))
        return out
    for line in lines:
        digest, _, name = line.partition("  ")
        name = name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        if not name.startswith(prefix) or name[len(prefix):] in out:
            problems.append("cannot be read: " + os.path.basename(path) + ": " + line)
            continue
        out[name[len(prefix):]] = digest
    return out


def allowed(name):
    """Whether a file name means the same on every system."""
    parts = name.split("/")
    return (
        unicodedata.normalize("NFC", name) == name
        and not any(part in ("", ".", "..") for part in parts)
        and "\\" not in name
        and not any(ord(c) < 32 for c in name)
    )


def present_files(folder, problems):
    """The files under data/, as paths relative to it; what is neither file nor folder is named."""
    root = os.path.join(folder, "data")
    found = {}
    for place, folders, names in os.walk(root):
        for name in sorted(folders) + sorted(names):
            path = os.path.join(place, name)
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            if os.path.islink(path):
                problems.append("link instead of a file: data/" + relative)
            elif os.path.isfile(path):
                found[relative] = path
            elif not os.path.isdir(path):
                problems.append("not part of the version: data/" + relative)
    for name in sorted(os.listdir(folder)):
        if os.path.islink(os.path.join(folder, name)):
            problems.append("link instead of a file: " + name)
        elif name not in TAGS + (TAG_MANIFEST, "data"):
            problems.append("not part of the version: " + name)
    return found


def check_payload(folder, problems):
    """The leaves of the files under data/, sorted by path."""
    listed = manifest(os.path.join(folder, "manifest-sha256.txt"), "data/", problems)
    present = present_files(folder, problems)
    leaves = []
    for name in sorted(set(listed) | set(present), key=lambda n: n.encode("utf-8", "replace")):
        if name not in present:
            problems.append("missing: data/" + name)
            continue
        digest = sha256_file(present[name])
        if name not in listed:
            problems.append("not part of the version: data/" + name)
            continue
        if digest != listed[name]:
            problems.append("differs: data/" + name)
        if not allowed(name):
            problems.append("file name that is not allowed: data/" + name)
            continue
        leaf = {"path": name, "sha256": digest, "size": os.path.getsize(present[name])}
        leaves.append(
            json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        )
    folded = [name.casefold() for name in present]
    if len(set(folded)) != len(folded):
        problems.append("two files have the same name but for letter case")
    return leaves


def check_tags(folder, problems):
    listed = manifest(os.path.join(folder, TAG_MANIFEST), "", problems)
    for name in TAGS:
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            problems.append("missing: " + name)
        elif listed.get(name) != sha256_file(path):
            problems.append("differs from its manifest: " + name)
    for name in sorted(set(listed) - set(TAGS)):
        problems.append("differs from its manifest: " + name)


def check_signature(folder, problems):
    """What is said of the signature."""
    try:
        with open(regular(os.path.join(folder, "SEAL.sig")), "rb") as data:
            signature = json.loads(data.read().decode("utf-8"))
        with open(regular(os.path.join(folder, "SEAL.json")), "rb") as data:
            seal = data.read()
        key, signed = signature["public_key"], bytes.fromhex(signature["signature"])
        raw = bytes.fromhex(key)
    except OSError:
        problems.append("the signature is missing: SEAL.sig")
        return "MISSING"
    except (ValueError, KeyError, TypeError, RecursionError):
        problems.append("the signature does not hold: SEAL.sig")
        return "INVALID"
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return "not checked (package cryptography is not installed)"
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signed, seal)
    except (InvalidSignature, ValueError):
        problems.append("the signature does not hold: SEAL.sig")
        return "INVALID"
    return "holds, key " + key


def read_seal(folder, problems):
    try:
        with open(regular(os.path.join(folder, "SEAL.json")), "rb") as data:
            seal = json.loads(data.read().decode("utf-8"))
    except OSError:
        problems.append("SEAL.json is missing: this is no frozen dataset")
        return {}
    except (ValueError, RecursionError):
        problems.append("SEAL.json cannot be read")
        return {}
    if not isinstance(seal, dict) or seal.get("format") != SEAL_FORMAT:
        problems.append("SEAL.json is of an unknown form")
        return {}
    return seal


def main(folder):
    problems = []
    seal = read_seal(folder, problems)
    leaves = check_payload(folder, problems)
    check_tags(folder, problems)
    found = merkle_root(leaves)
    if found != seal.get("fingerprint"):
        problems.append("fingerprint differs from the seal: " + found)
    signature = check_signature(folder, problems)
    print("version    ", seal.get("version"))
    print("files      ", len(leaves))
    print("fingerprint", found)
    print("signature  ", signature)
    for problem in problems:
        print("PROBLEM    ", ascii(problem)[1:-1])
    print("holds" if not problems else "DOES NOT HOLD")
    return 1 if problems else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else here))
    except (OSError, ValueError) as error:
        print("DOES NOT HOLD: " + str(error))
        sys.exit(1)
