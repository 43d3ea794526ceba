"""The emotion labels of the data sets, and the label of an undecided face."""

# The labels in the order of FER2013's label numbers, 0 to 6 (Goodfellow et al., 2013,
# arXiv:1307.0414).
FER2013_LABELS = ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')

# FER+ has the labels of FER2013 and contempt (Barsoum et al., 2016, arXiv:1608.01041).
FERPLUS_LABELS = (*FER2013_LABELS, 'contempt')

# The decision for a face if no emotion is likely enough. No model may have this label.
UNCERTAIN = 'uncertain'
