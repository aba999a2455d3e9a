"""Verify this frozen dataset version: run `python3 verify_seal.py` in (or on) its folder.

Needs only Python 3.8 or newer. Checks every file against the manifest, the fingerprint in
SEAL.json (RFC 6962 Merkle root over the files under data/), and, where the package `cryptography`
is installed, the Ed25519 signature in SEAL.sig. Exit status 0: nothing differs. 1: it says what.
"""

import hashlib
import json
import os
import sys


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        for chunk in iter(lambda: data.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


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


def manifest(path):
    out = {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            digest, _, name = line.rstrip("\n").partition("  ")
            out[name.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")] = digest
    return out


def signature_problem(folder):
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return "not checked (package cryptography is not installed)", False
    with open(os.path.join(folder, "SEAL.sig"), "rb") as data:
        signature = json.loads(data.read().decode("utf-8"))
    with open(os.path.join(folder, "SEAL.json"), "rb") as data:
        seal = data.read()
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signature["public_key"]))
        key.verify(bytes.fromhex(signature["signature"]), seal)
    except (InvalidSignature, ValueError, KeyError):
        return "INVALID", True
    return "holds, key " + signature["public_key"], False


def main(folder):
    problems = []
    listed = manifest(os.path.join(folder, "manifest-sha256.txt"))
    listed = {name[len("data/"):]: digest for name, digest in listed.items()}
    root = os.path.join(folder, "data")
    present = {}
    for place, _, names in os.walk(root):
        for name in names:
            path = os.path.join(place, name)
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            if os.path.islink(path):
                problems.append("link instead of a file: data/" + relative)
            present[relative] = path
    leaves = []
    for name in sorted(set(listed) | set(present), key=lambda n: n.encode("utf-8")):
        if name not in present:
            problems.append("missing: data/" + name)
            continue
        digest = sha256_file(present[name])
        if name not in listed:
            problems.append("not in the manifest: data/" + name)
        elif digest != listed[name]:
            problems.append("differs: data/" + name)
        leaf = {"path": name, "sha256": digest, "size": os.path.getsize(present[name])}
        leaves.append(
            json.dumps(leaf, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        )
    for name, digest in manifest(os.path.join(folder, "tagmanifest-sha256.txt")).items():
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            problems.append("missing: " + name)
        elif sha256_file(path) != digest:
            problems.append("differs: " + name)
    with open(os.path.join(folder, "SEAL.json"), "rb") as data:
        seal = json.loads(data.read().decode("utf-8"))
    found = merkle_root(leaves)
    if found != seal.get("fingerprint"):
        problems.append("fingerprint differs from the seal: " + found)
    signature, bad = signature_problem(folder)
    if bad:
        problems.append("signature of SEAL.json: " + signature)
    print("version    ", seal.get("version"))
    print("files      ", len(leaves))
    print("fingerprint", found)
    print("signature  ", signature)
    for problem in problems:
        print("PROBLEM    ", problem)
    print("holds" if not problems else "DOES NOT HOLD")
    return 1 if problems else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else here))
    except (OSError, ValueError) as error:
        print("DOES NOT HOLD: " + str(error))
        sys.exit(1)
