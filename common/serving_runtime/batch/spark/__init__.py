"""Score rows on a Spark cluster: nothing else imports Spark, or packs what executors need."""
