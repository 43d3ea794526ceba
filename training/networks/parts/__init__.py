"""
The parts that networks are built from: layers, backbones, fused layers, initial weights.

In: settings of layers, files of weights.  Out: layers, backbones and bodies of networks.
"""
