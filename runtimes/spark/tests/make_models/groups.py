"""Models of groups, neighbours, ratings and baskets."""

from runtimes.spark.tests.make_models.recipes import Model, Stage, predictor, stage
from runtimes.spark.tests.make_models.rows import counts, dense, points, questions, reviews, sparse

POINTS = points(30, 3, 31)
ASKED = [(form(row),) for row in points(9, 3, 32) for form in (dense, sparse)][::3]


def _group(kind: str, name: str, **params) -> Stage:
    return predictor(f"clustering.{kind}", name, featuresCol="features", **params)


def _topics(name: str, **params) -> Stage:
    given = {"featuresCol": "features", "topicDistributionCol": name, "seed": 7, **params}
    return Stage("clustering.LDA", {"k": 3, "maxIter": 5, **given})


def _hashes(kind: str, name: str, **params) -> Stage:
    return stage(f"feature.{kind}", inputCol="features", outputCol=name, seed=7, **params)


RATINGS = [
    (user, item, float((user * 7 + item * 3) % 5 + 1))
    for user in range(1, 9)
    for item in range(20, 27)
    if (user + item) % 3
]


def _rating(name: str, **params) -> Stage:
    given = {"userCol": "user", "itemCol": "item", "ratingCol": "rating", "predictionCol": name}
    given.update(numUserBlocks=2, numItemBlocks=2, maxIter=3, seed=7)
    return Stage("recommendation.ALS", {**given, **params})


BASKETS = [
    "bread milk",
    "bread milk eggs",
    "milk eggs",
    "bread butter",
    "bread milk butter tea",
    "tea",
]

MODELS = [
    Model(
        "groups",
        {"features": "vector"},
        [(dense(row),) for row in POINTS],
        ASKED,
        [
            _group("KMeans", "near", k=3, seed=7),
            _group("KMeans", "near_cosine", k=3, seed=8, distanceMeasure="cosine"),
            _group("BisectingKMeans", "halves", k=4, seed=7),
            _group("BisectingKMeans", "halves_cosine", k=3, seed=7, distanceMeasure="cosine"),
            _group("GaussianMixture", "normal", k=2, seed=7, maxIter=10),
            _hashes("BucketedRandomProjectionLSH", "projected", bucketLength=1.5, numHashTables=3),
        ],
        refuse=[(dense([0.0, 0.0, 0.0]),)],
    ),
    Model(
        "groups-sparse",
        {"features": "vector"},
        [(sparse([*row, 1.0 + at % 3]),) for at, row in enumerate(counts(30, 5, 33))],
        [
            (form([*row, 1.0 + at % 3]),)
            for at, row in enumerate(counts(7, 5, 34))
            for form in (sparse, dense)
        ][::2],
        [
            _group("KMeans", "near", k=4, seed=7),
            _group("GaussianMixture", "normal", k=2, seed=7, maxIter=5),
            _hashes("MinHashLSH", "minimal", numHashTables=3),
        ],
    ),
    Model(
        "topics",
        {"text": "string"},
        [row[:1] for row in reviews()],
        questions()[:12],
        [
            stage("feature.Tokenizer", inputCol="text", outputCol="words"),
            stage("feature.CountVectorizer", inputCol="words", outputCol="features", vocabSize=20),
            _topics("topics"),
            _topics(
                "topics_prior",
                optimizer="online",
                docConcentration=[0.2, 0.3, 0.5],
                topicConcentration=0.4,
            ),
        ],
        rtol=1e-6,
        atol=1e-9,
    ),
    Model(
        "topics-em",
        {"text": "string"},
        [row[:1] for row in reviews()[:8]],
        questions()[:6],
        [
            stage("feature.Tokenizer", inputCol="text", outputCol="words"),
            stage("feature.CountVectorizer", inputCol="words", outputCol="features", vocabSize=12),
            _topics("topics", optimizer="em", keepLastCheckpoint=False),
        ],
        rtol=1e-6,
        atol=1e-9,
    ),
    Model(
        "ratings",
        {"user": "int", "item": "int", "rating": "double"},
        RATINGS,
        [*(row[:2] for row in RATINGS[::4]), (1, 20), (99, 20), (1, 99), (99, 99)],
        [
            _rating("rated", rank=4),
            _rating("rated_positive", rank=3, nonnegative=True, implicitPrefs=True),
        ],
        frozenset({"rating"}),
        rtol=1e-6,
        atol=1e-7,
    ),
    Model(
        "ratings-drop",
        {"user": "int", "item": "int", "rating": "double"},
        RATINGS,
        [(99, 20), *(row[:2] for row in RATINGS[::6]), (1, 99), (99, 99)],
        [_rating("rated", rank=2, coldStartStrategy="drop")],
        frozenset({"rating"}),
        rtol=1e-6,
        atol=1e-7,
    ),
    Model(
        "baskets",
        {"basket": "string"},
        [(text,) for text in BASKETS],
        [(text,) for text in [*BASKETS, "butter", "milk tea", "", "coffee"]],
        [
            stage("feature.Tokenizer", inputCol="basket", outputCol="items"),
            Stage(
                "fpm.FPGrowth",
                {
                    "itemsCol": "items",
                    "predictionCol": "also",
                    "minSupport": 0.2,
                    "minConfidence": 0.5,
                },
            ),
        ],
    ),
]
