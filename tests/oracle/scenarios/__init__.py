# SPDX-License-Identifier: BSD-2-Clause
def registry():
    """-> (SCENARIOS list, decorator). Decorate fn(n, o) or, with net=False, fn(o)."""
    S = []

    def scenario(net=True, **kw):
        def deco(fn):
            S.append((fn.__name__, fn, net, kw))
            return fn
        return deco
    return S, scenario
