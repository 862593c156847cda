# SPDX-License-Identifier: BSD-2-Clause
"""What tests that run the programs have in common: namespaces, the daemon, packets, netlink."""
