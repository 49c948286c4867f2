"""The contracts of a method and a backbone as checks that say what is wrong and how to mend it.

The commands `ncmc check method` and `check backbone` run them on a lab's own file, and the tests on
every file of ours: one contract for both. That of a dataset is ncmc.data.own_dataset.
"""
