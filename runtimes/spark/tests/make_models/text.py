"""Models of texts."""

from runtimes.spark.tests.make_models.recipes import Model, stage
from runtimes.spark.tests.make_models.rows import questions, reviews

COLUMNS = {"text": "string", "praise": "double"}
LEARNED = frozenset({"praise"})
WORDS = stage("feature.Tokenizer", inputCol="text", outputCol="words")


def _hashed(name: str, **params):
    return stage("feature.HashingTF", inputCol="words", outputCol=name, **params)


def _regex(name: str, **params):
    return stage("feature.RegexTokenizer", inputCol="text", outputCol=name, **params)


def _counted(name: str, **params):
    return stage("feature.CountVectorizer", inputCol="words", outputCol=name, **params)


MODELS = [
    Model(
        "text-lr",
        COLUMNS,
        reviews(),
        questions(),
        [
            WORDS,
            _hashed("counts", numFeatures=1000),
            stage("feature.IDF", inputCol="counts", outputCol="features"),
            stage(
                "classification.LogisticRegression",
                featuresCol="features",
                labelCol="praise",
                maxIter=20,
                regParam=0.01,
            ),
        ],
        LEARNED,
        refuse=[(None,)],
    ),
    Model(
        "words",
        COLUMNS,
        reviews(),
        questions(),
        [
            WORDS,
            _regex("between", pattern="\\W+"),
            _regex("spaces", minTokenLength=3),
            _regex("found", pattern="[a-z']+", gaps=False, minTokenLength=2, toLowercase=False),
            _regex("letters", pattern="\\p{L}+", gaps=False),
            _regex("points", pattern="", toLowercase=False),
            stage("feature.StopWordsRemover", inputCol="words", outputCol="told"),
            stage(
                "feature.StopWordsRemover",
                inputCol="words",
                outputCol="cased",
                stopWords=["The", "great", "A"],
                caseSensitive=True,
            ),
            stage(
                "feature.StopWordsRemover",
                inputCols=["words", "found"],
                outputCols=["words_left", "found_left"],
                stopWords=["the", "İstanbul", "café", "I"],
            ),
            stage("feature.NGram", inputCol="words", outputCol="pairs"),
            stage("feature.NGram", inputCol="found", outputCol="triples", n=3),
        ],
        LEARNED,
    ),
    Model(
        "word-vectors",
        COLUMNS,
        reviews(),
        questions(),
        [
            WORDS,
            _hashed("hashed"),
            _hashed("hashed_binary", binary=True, numFeatures=64),
            _hashed("hashed_few", numFeatures=7),
            _counted("counted", vocabSize=30),
            _counted("counted_often", minTF=2.0, minDF=2.0),
            _counted("counted_share", minTF=0.15, minDF=0.2),
            _counted("counted_once", binary=True, vocabSize=12),
            _counted("counted_rare", maxDF=3.0, minDF=2.0),
            stage("feature.IDF", inputCol="hashed_few", outputCol="weighed_few"),
            stage("feature.IDF", inputCol="counted", outputCol="weighed", minDocFreq=3),
            stage(
                "feature.Word2Vec",
                inputCol="words",
                outputCol="meaning",
                vectorSize=5,
                minCount=2,
                seed=7,
            ),
        ],
        LEARNED,
    ),
]
