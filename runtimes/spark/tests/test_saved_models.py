"""The saved models that the other tests hold our evaluation against."""

import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, Set

import pytest

from runtimes.spark.tests.answers import NEWEST, parameters

MODELS = Path(__file__).resolve().parent / "models"
FOLDERS = sorted(MODELS.glob("spark*"))
# What pyspark.ml 4.3.0 has that transforms; TargetEncoderModel is of 4.0, the others of 3.5 too.
CLASSES = {
    "": "PipelineModel",
    "classification": """DecisionTreeClassificationModel FMClassificationModel
        GBTClassificationModel LinearSVCModel LogisticRegressionModel
        MultilayerPerceptronClassificationModel NaiveBayesModel OneVsRestModel
        RandomForestClassificationModel""",
    "clustering": """BisectingKMeansModel DistributedLDAModel GaussianMixtureModel KMeansModel
        LocalLDAModel""",
    "feature": """Binarizer BucketedRandomProjectionLSHModel Bucketizer ChiSqSelectorModel
        CountVectorizerModel DCT ElementwiseProduct FeatureHasher HashingTF IDFModel ImputerModel
        IndexToString Interaction MaxAbsScalerModel MinHashLSHModel MinMaxScalerModel NGram
        Normalizer OneHotEncoderModel PCAModel PolynomialExpansion RFormulaModel RegexTokenizer
        RobustScalerModel SQLTransformer StandardScalerModel StopWordsRemover StringIndexerModel
        TargetEncoderModel Tokenizer UnivariateFeatureSelectorModel VarianceThresholdSelectorModel
        VectorAssembler VectorIndexerModel VectorSizeHint VectorSlicer Word2VecModel""",
    "fpm": "FPGrowthModel",
    "recommendation": "ALSModel",
    "regression": """AFTSurvivalRegressionModel DecisionTreeRegressionModel FMRegressionModel
        GBTRegressionModel GeneralizedLinearRegressionModel IsotonicRegressionModel
        LinearRegressionModel RandomForestRegressionModel""",
    "tuning": "CrossValidatorModel TrainValidationSplitModel",
}
NAMES = {".".join(filter(None, (part, name))) for part in CLASSES for name in CLASSES[part].split()}

OFTEN = {
    "PipelineModel",
    "classification.GBTClassificationModel",
    "classification.LogisticRegressionModel",
    "classification.RandomForestClassificationModel",
    "feature.HashingTF",
    "feature.StringIndexerModel",
    "tuning.CrossValidatorModel",
}


@pytest.mark.parametrize(("family", "since"), [("spark35", (3, 5)), ("spark43", (4, 3))])
def test_every_stage_has_a_saved_model(family, since):
    """Each class that transforms is in a model that a real Spark saved and answered."""
    known = {kind for folder in MODELS.glob(f"{family}-*") for kind in _classes(folder)}
    wanted = NAMES - ({"feature.TargetEncoderModel"} if since < (4,) else set())
    assert wanted - known == set()


@pytest.mark.parametrize("family", ["spark21", "spark22", "spark24"])
def test_an_older_spark_has_saved_models_too(family):
    """Each older Spark has saved texts, labels, trees, and a model that was chosen."""
    known = {kind for folder in MODELS.glob(f"{family}-*") for kind in _classes(folder)}
    assert known >= OFTEN


@pytest.mark.parametrize("folder", parameters(FOLDERS, (NEWEST,)))
def test_a_saved_model_is_whole(folder):
    """It has metadata, a contract of its inputs, and as many answers as rows that were answered."""
    answers = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    (asked,) = {len(column) for column in answers["inputs"].values()}
    rows = answers.get("rows", range(asked))
    assert {len(column) for column in answers["outputs"].values()} <= {len(rows)}
    assert set(answers["outputs"]) == set(answers["output_types"])
    contract = (folder / "contract.yaml").read_text(encoding="utf-8")
    inputs = contract.partition("inputs:")[2].partition("outputs:")[0]
    assert set(re.findall(r"^  (\w+):", inputs, re.MULTILINE)) == set(answers["inputs"])
    assert answers["spark"].split(".")[:2] == list(folder.name[5:7])
    assert _metadata(folder / "files")["sparkVersion"] == answers["spark"]


def test_the_saved_models_are_small():
    """All of them together stay below 4 MB, so that a clone stays quick."""
    sizes = [path.stat().st_size for path in MODELS.rglob("*") if path.is_file()]
    assert sum(sizes) < 4 * 1024 * 1024
    assert not [*MODELS.rglob("*.crc"), *MODELS.rglob("_SUCCESS")]


def _classes(folder: Path) -> Set[str]:
    found = (str(_metadata(path.parent)["class"]) for path in _metadata_folders(folder))
    return {kind.replace("org.apache.spark.ml.", "") for kind in found}


def _metadata_folders(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("metadata") if path.is_dir())


def _metadata(folder: Path) -> Dict[str, Any]:
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("metadata/part-*")]
    (text,) = filter(None, texts)
    return dict(json.loads(text.splitlines()[0]))
