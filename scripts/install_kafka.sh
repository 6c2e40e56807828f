#!/bin/sh
# Put the jars of a Kafka broker into .venv/kafka, for the tests that need a real one. Nothing is done where they are.
# It needs Java 17 and Maven, which are installed where they can be.
set -eu
cd "$(dirname "$0")/.."
target=.venv/kafka

if cmp -s scripts/kafka/pom.xml "$target/pom.xml"; then
    exit 0
fi
scripts/need_command.sh java default-jre-headless
scripts/need_command.sh mvn maven
rm -rf "$target"
mkdir -p "$target"
# What Maven itself needs is kept nowhere: 43 MB of jars come once.
trap 'rm -rf .venv/kafka-fetching' EXIT
mvn --quiet --batch-mode --file scripts/kafka/pom.xml -Dmaven.repo.local="$PWD/.venv/kafka-fetching" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$PWD/$target"
cp scripts/kafka/pom.xml "$target/pom.xml"
