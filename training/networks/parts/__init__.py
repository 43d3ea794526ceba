"""
Parts of networks: layers, backbones, fused layers and initial weights.

In: settings of layers, files of weights.  Out: layers, backbones and initialised networks.
"""
