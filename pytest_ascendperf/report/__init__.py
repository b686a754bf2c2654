"""Verdicts as text and data for people and tools: pure functions that print nothing, write nothing and know no pytest.

``terminal`` and ``explanations`` give the lines of the summary, ``failure`` the text of a failing test, ``updates`` the
lines after recording, ``junit`` the properties of a test case, ``json_report`` the document of the whole run.
``next_step`` holds what each status asks of its reader.
"""
