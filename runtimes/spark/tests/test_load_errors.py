"""What each model that cannot be served says."""

import pytest

from serving_runtime.errors import LoadError

OF_SQL = "feature.SQLTransformer"


def message_of(serve):
    """Return what stops the start."""
    with pytest.raises(LoadError) as caught:
        serve()
    return str(caught.value)


def test_a_folder_without_a_model(files, serve):
    """The message says what is expected, and how it is made."""
    (files / "model.pkl").write_bytes(b"")
    message = message_of(serve)
    assert "found model.pkl; expected metadata/" in message
    assert "model.write().save(path)" in message


def test_stages_of_others_are_listed(files, save_pipeline, serve):
    """All that cannot be evaluated is in one message, with both ways out."""
    save_pipeline(
        files,
        ("feature.Tokenizer", {"inputCol": "text", "outputCol": "words"}),
        ("feature.SQLTransformer", {"statement": "SELECT * FROM __THIS__ WHERE a > 1"}),
        ("com.example.Lemmatizer", {}),
    )
    message = message_of(serve)
    assert "1_stage_01 (org.apache.spark.ml.feature.SQLTransformer)" in message
    assert "com.example.Lemmatizer" in message
    assert "none of Spark ML's own" in message
    assert "RUNTIME_SPARK_ENGINE=spark" in message
    assert "serving-runtime batch" in message


def test_a_stage_that_is_missing(files, save_pipeline, serve):
    """A folder that was not copied is named."""
    save_pipeline(files, ("feature.NGram", {"inputCol": "words", "outputCol": "pairs"}))
    (files / "stages" / "0_stage_00" / "metadata" / "part-00000").unlink()
    message = message_of(serve)
    assert "0_stage_00 has no metadata/part-00000" in message
    assert "copy the whole folder again" in message


def test_metadata_that_is_cut_off(files, save_pipeline, serve):
    """JSON that ends too early is told from a stage that is not there."""
    save_pipeline(files, ("feature.NGram", {}))
    path = files / "metadata" / "part-00000"
    path.write_text(path.read_text()[:20])
    assert "is not whole" in message_of(serve)


def test_metadata_of_something_else(files, serve):
    """JSON of another program is named for what it lacks."""
    (files / "metadata").mkdir()
    (files / "metadata" / "part-00000").write_text('{"class": "x"}')
    assert "has no sparkVersion, paramMap" in message_of(serve)


def test_a_version_that_is_none(files, save, serve):
    """A version must have two numbers."""
    save(files, "feature.NGram", spark="new", inputCol="words", outputCol="pairs")
    assert "sparkVersion is 'new'" in message_of(serve)


def test_data_that_is_not_there(files, save, serve):
    """A model without its data is no model."""
    save(files, "feature.IDFModel", inputCol="tf", outputCol="features")
    assert "has no Parquet file" in message_of(serve)


def test_data_that_is_cut_off(files, save, serve):
    """The file is named, with what is wrong with it."""
    save(files, "feature.IDFModel", inputCol="tf", outputCol="features")
    (files / "data").mkdir()
    (files / "data" / "part-00000.snappy.parquet").write_bytes(b"PAR1 and so on")
    assert "part-00000.snappy.parquet cannot be read: it is not whole" in message_of(serve)


def test_a_newer_spark_is_served_with_a_warning(files, save_pipeline, serve, monkeypatch):
    """What can be read is served, and somebody should compare its answers."""
    from spark_runtime import pipeline

    said = []
    monkeypatch.setattr(pipeline.logger, "warning", lambda *parts: said.append(parts))
    save_pipeline(
        files,
        ("feature.Binarizer", {"inputCol": "x", "outputCol": "y", "threshold": 0.5}),
        spark="9.1.0",
    )
    serve()
    assert "9.1.0" in said[0]


def test_a_newer_spark_that_saves_otherwise_is_named(files, save, serve):
    """What cannot be read of a newer Spark says which one, and what would do."""
    save(files, "feature.Bucketizer", spark="9.1.0", inputCol="x", outputCol="y")
    message = message_of(serve)
    assert "cannot be read as a org.apache.spark.ml.feature.Bucketizer of Spark 9.1.0" in message
    assert "save it with a Spark up to" in message


def test_a_pattern_of_java_alone(files, save, serve):
    """A regular expression that Python lacks is not guessed at."""
    save(files, "feature.RegexTokenizer", inputCol="x", outputCol="y", pattern=r"\h++")
    assert "only Java's regular expressions have" in message_of(serve)


def test_categories_that_nobody_has_counted(files, save, serve):
    """Spark 2's encoder would look at all rows first, and there are none."""
    save(files, "feature.OneHotEncoder", spark="2.2.3", inputCol="x", outputCol="y")
    assert 'how many categories the column "x" has' in message_of(serve)
