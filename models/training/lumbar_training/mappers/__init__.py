"""Turns the layouts of public collections into ``labels.csv``.

The columns are those of ``lumbar-node preprocess``: file, label, patient_id,
split, lesion_x, lesion_y (source pixels, empty when unknown). A mapper never
invents the difference between spondylolysis and degenerative
spondylolisthesis: what a collection does not tell is left for a reader to
fill in, and such rows carry the label ``unknown``.
"""
