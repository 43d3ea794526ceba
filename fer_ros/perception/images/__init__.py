"""
Decode raw and compressed images, and measure their brightness.

Input: the pixels and the encoding of an image message, or the bytes of an image file.
Output: an image (BGR, 8 bits), its brightness, or the reason why it is refused.
"""
