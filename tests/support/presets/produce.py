"""What crawlers make of pages: each tool's own code writes its message.

produce.py PAGES… OUT: one JSON file per page and tool in the folder OUT.
"""

import io
import json
import pathlib
import sys

import newspaper
import trafilatura
from newsplease import NewsPlease
from scrapy.exporters import JsonLinesItemExporter
from scrapy.http import HtmlResponse

DOWNLOADED = "2024-06-01 08:00:00"


def by_trafilatura(url: str, html: str) -> dict:
    options = {"output_format": "json", "with_metadata": True, "include_comments": False}
    message = json.loads(trafilatura.extract(html, url=url, **options))
    # The day of the crawl; without this every run would differ.
    return message | {"filedate": DOWNLOADED[:10]}


def by_news_please(url: str, html: str) -> dict:
    article = NewsPlease.from_html(html, url=url, download_date=DOWNLOADED)
    # As its own pipeline writes files and messages.
    return json.loads(json.dumps(article.get_serializable_dict(), default=str))


def by_newspaper(url: str, html: str) -> dict:
    article = newspaper.Article(url, language="ar")
    article.download(input_html=html)
    article.parse()
    return json.loads(article.to_json())


def by_scrapy(url: str, html: str) -> dict:
    """The item that most spiders yield, as Scrapy's own exporter writes it."""
    response = HtmlResponse(url, body=html.encode(), encoding="utf-8")
    out = io.BytesIO()
    exporter = JsonLinesItemExporter(out, encoding="utf-8")
    exporter.export_item({"url": response.url, "title": response.css("h1::text").get(), "html": response.text})
    return json.loads(out.getvalue())


def main() -> None:
    *pages, out = map(pathlib.Path, sys.argv[1:])
    for page in pages:
        html = page.read_text(encoding="utf-8")
        url = html.split('rel="canonical" href="', 1)[1].split('"', 1)[0]
        for tool in (by_trafilatura, by_news_please, by_newspaper, by_scrapy):
            name = tool.__name__.removeprefix("by_").replace("_", "-")
            message = json.dumps(tool(url, html), ensure_ascii=False, indent=1)
            (out / f"{page.stem}.{name}.json").write_text(message + "\n", encoding="utf-8")


main()
