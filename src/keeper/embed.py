# SPDX-License-Identifier: BSD-2-Clause
"""Write a file as a C source that has its octets: embed.py FILE SOURCE NAME"""
import sys

source, target, name = sys.argv[1:]
with open(source, "rb") as f:
    octets = f.read()
with open(target, "w", encoding="ascii") as f:
    f.write(f"#include <stddef.h>\n\nextern const unsigned char {name}[];\nextern const size_t {name}_len;\n\n"
            f"_Alignas(8) const unsigned char {name}[] = {{\n")
    for at in range(0, len(octets), 20):
        f.write("\t" + ", ".join(str(o) for o in octets[at:at + 20]) + ",\n")
    f.write(f"}};\nconst size_t {name}_len = sizeof({name});\n")
