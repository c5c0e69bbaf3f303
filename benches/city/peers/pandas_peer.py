"""The pandas peer: a city's year end with merge, groupby and columns of truth values, whole tables in memory.

pandas_peer.py ITEM --data DIR --out DIR --threads N
"""

import common
from with_pandas.graduation import graduation
from with_pandas.promotion import promotion
from with_pandas.reading import text_files, workbooks

if __name__ == "__main__":
    common.run({"promotion": promotion, "graduation": graduation, "workbooks": workbooks, "csv": text_files})
