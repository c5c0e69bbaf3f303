-- Ten queries to start from, for DuckDB, in the folder of a run:  duckdb -c ".read queries.sql"
-- Spark: register each file with spark.read.parquet(...).createOrReplaceTempView(...), name the view instead of the file,
-- and write explode(x) for unnest(x), array_contains(x, y) for list_contains(x, y), size(x) for len(x).

-- 1. How many students have which outcome, by stage?
SELECT stage, outcome, count(*) AS students
FROM 'decisions.parquet'
GROUP BY ALL
ORDER BY ALL;

-- 2. The same by school, a column an outcome.
PIVOT (SELECT district, school_code, school_name, outcome FROM 'decisions.parquet')
ON outcome
USING count(*)
ORDER BY district, school_code;

-- 3. What is missing most often among the undetermined?
SELECT fact, count(*) AS students
FROM (SELECT unnest(missing) AS fact FROM 'decisions.parquet' WHERE outcome = 'undetermined')
GROUP BY fact
ORDER BY students DESC, fact;

-- 4. Who can't be decided, and for want of what?
SELECT district, school_name, grade, class, name, list_aggregate(missing, 'string_agg', '、') AS missing
FROM 'decisions.parquet'
WHERE outcome = 'undetermined'
ORDER BY district, school_code, grade, class;

-- 5. Which certificates are due in which school?
SELECT school_code, school_name, certificate, count(*) AS students
FROM 'decisions.parquet'
WHERE certificate IS NOT NULL
GROUP BY ALL
ORDER BY ALL;

-- 6. By which clause was decided?
SELECT clause, outcome, count(*) AS students
FROM (SELECT unnest(clauses) AS clause, outcome FROM 'decisions.parquet')
GROUP BY ALL
ORDER BY ALL;

-- 7. The rows of the files that the decisions on retention rest on.
SELECT name, rows.file, rows.sheet, rows.row, rows.row_last
FROM (SELECT name, unnest(evidence) AS rows FROM 'decisions.parquet' WHERE outcome = 'retain')
WHERE rows.table = 'course_results';

-- 8. Findings by code and severity.
SELECT severity, code, any_value(message) AS message, count(*) AS findings, sum(count) AS places
FROM 'findings.parquet'
GROUP BY severity, code
ORDER BY severity, findings DESC;

-- 9. What is new since the last run?
SELECT findings.code, findings.school_code, findings.name, findings.message
FROM 'findings.parquet' AS findings
JOIN 'finding_history.parquet' AS history USING (finding_id)
WHERE history.change IN ('new', 'reopened')
ORDER BY findings.code, findings.school_code;

-- 10. Which schools have not sent what they should have?
SELECT district, school_code, school_name, "table", students_expected, students_with_rows
FROM 'submissions.parquet'
WHERE students_with_rows < students_expected
ORDER BY district, school_code, "table";
