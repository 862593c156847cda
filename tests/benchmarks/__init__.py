# SPDX-License-Identifier: BSD-2-Clause
"""What `./run bench` measures, each of it in a module; bench is the program"""
