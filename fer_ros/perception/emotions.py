"""The emotions that the data sets know, and the one word that is none of them."""

# In the order of FER2013's own label numbers, 0 to 6 (Goodfellow et al. 2013, arXiv:1307.0414).
FER2013_LABELS = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')

# FER+ (Barsoum et al. 2016, arXiv:1608.01041) adds contempt; FER2013's order is kept before it.
FERPLUS_LABELS = (*FER2013_LABELS, 'contempt')

# What is decided of a face on which no emotion is likely enough.  Never a label of a model.
UNCERTAIN = 'uncertain'
