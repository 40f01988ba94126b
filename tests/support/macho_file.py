"""Reads a Mach-O file with llvm-objdump and llvm-nm: load commands, imports, exports, and the pairs of
its interpose section."""

import re
import shutil
import struct
import subprocess


def tool(name):
    """Debian's, whose names may end with a version."""
    for candidate in (name, name + "-14", "/usr/lib/llvm-14/bin/" + name):
        if shutil.which(candidate):
            return candidate
    return None


def output(name, *words):
    return subprocess.run([tool(name), *words], check=True, capture_output=True, text=True).stdout


class File:
    def __init__(self, path):
        self.path = path
        self.commands = output("llvm-objdump", "--macho", "--private-headers", path)

    def needed(self):
        return re.findall(r"cmd LC_LOAD(?:_WEAK)?_DYLIB\n.*\n\s+name (\S+)", self.commands)

    def minimum_system(self):
        return re.search(r"cmd LC_BUILD_VERSION\n(?:.*\n)*?\s+minos (\S+)", self.commands).group(1)

    def machine(self):
        """Processor and variant"""
        return re.search(r"MH_MAGIC_64\s+(\S+\s+\S+)", self.commands).group(1).split()

    def file_type(self):
        return re.search(r"MH_MAGIC_64\s+\S+\s+\S+\s+\S+\s+(\S+)", self.commands).group(1)

    def loader(self):
        return re.search(r"cmd LC_LOAD_DYLINKER\n.*\n\s+name (\S+)", self.commands).group(1)

    def has_uuid(self):
        return "cmd LC_UUID" in self.commands

    def sections(self):
        """name -> (address, offset in the file, size)"""
        found = {}
        for text in self.commands.split("Section\n")[1:]:
            field = lambda name: re.search(r"\b%s (\S+)" % name, text).group(1)
            found[field("sectname")] = (int(field("addr"), 16), int(field("offset")), int(field("size"), 16))
        return found

    def exports(self):
        return set(re.findall(r"^0x\w+\s+_?(\w+)", output("llvm-objdump", "--macho", "--exports-trie", self.path), re.M))

    def imports(self):
        """name -> whether it may be missing, of what other libraries bring"""
        text = output("llvm-nm", "-m", "-u", self.path)
        return {name: bool(weak) for weak, name in
                re.findall(r"\(undefined\) (weak )?external _(\S+)", text)}

    def symbols(self):
        """address -> names"""
        found = {}
        for address, name in re.findall(r"^(\w{16}) \w (\S+)$", output("llvm-nm", self.path), re.M):
            found.setdefault(int(address, 16), set()).add(name)
        return found

    def binds(self):
        """address -> (symbol, is weak), of what is bound at the start"""
        text = output("llvm-objdump", "--macho", "--bind", self.path)
        return {int(address, 16): (name, bool(weak)) for address, name, weak in
                re.findall(r"(0x\w+)\s+pointer\s+0\s+\S+\s+(\S+)( \(weak_import\))?", text)}

    def tuples(self):
        """[(replacement, replaced, is weak)], of the interpose section"""
        address, offset, size = self.sections()["__interpose"]
        with open(self.path, "rb") as file:
            file.seek(offset)
            words = struct.unpack("<%dQ" % (size // 8), file.read(size))
        symbols, binds = self.symbols(), self.binds()
        pairs = []
        for i in range(0, len(words), 2):
            replaced, weak = binds[address + 8 * (i + 1)]
            pairs.append((symbols[words[i]], replaced, weak))
        return pairs
