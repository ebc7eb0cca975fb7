"""What a source may cost: every limit that protects memory and time, in one place."""

MIB = 1 << 20

# One object: etcd takes 1.5 MiB by default, so ten times that is no evidence any more.
ITEM_BYTES = 16 * MIB
DEPTH = 100

# Nodes of one YAML object after its aliases are expanded; a long text counts once for every 64 characters.
YAML_COST = 500_000
YAML_ANCHORS = 1_000

# Items of a typed list that wait for the list's own kind, which some tools write after the items.
HELD_ITEMS = 50_000

# Uncompressed against compressed size; the first bytes are free because short repetitive files compress well.
RATIO = 200
RATIO_FREE_BYTES = 16 * MIB
FILE_BYTES = 16 << 30

FOLDER_FILES = 100_000
FOLDER_DEPTH = 32
ARCHIVE_DIRECTORY_BYTES = 64 * MIB

CHUNK_BYTES = MIB
SNIFF_BYTES = 64 << 10

# A file with thousands of bad documents is told once with a number, not thousands of times.
GAPS_PER_FILE = 20
