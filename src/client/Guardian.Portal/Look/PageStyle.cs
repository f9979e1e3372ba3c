namespace Guardian.Portal.Look;

/// <summary>The style sheet of reports and pages, for screens in light and dark and for paper.</summary>
public static class PageStyle
{
    /// <summary>The steps of shade of a cell in a table of counts; the cell's class is <c>shade-N</c>.</summary>
    public const int Shades = 20;

    /// <summary>The rules. They need no style attribute, which a strict content policy forbids.</summary>
    public static string Css { get; } = Rules + string.Concat(Enumerable.Range(0, Shades + 1).Select(step =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"\n.shade-{step} {{ --share: {step / (double)Shades:0.##}; }}")));

    private const string Rules = """
        :root { color-scheme: light dark; --ink: #16202b; --soft: #55616e; --paper: #ffffff; --line: #d7dde4; --band: #f3f6f9;
          --up: #0b6e4f; --down: #a4262c; --none: #55616e; --accent: #1f4e8c; --warn: #fff4d6; --alarm: #fde4e4; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e9eef3; --soft: #a9b4c0; --paper: #10161d; --line: #33404d;
          --band: #18212b; --up: #58c79b; --down: #ff8f8f; --none: #a9b4c0; --accent: #8db8f0; --warn: #3a3112; --alarm: #4a1f22;
          } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
        h1 { font-size: 2.2rem; line-height: 1.15; margin: 0 0 .6rem; letter-spacing: -.01em; }
        h2 { font-size: 1.3rem; margin: 2.6rem 0 .8rem; }
        .eyebrow { margin: 0 0 .3rem; color: var(--accent); font-weight: 600; letter-spacing: .04em; }
        .lead { font-size: 1.2rem; margin: 0; max-width: 46rem; }
        .filters { color: var(--soft); }
        .notice { background: var(--warn); border-left: .3rem solid #b98900; padding: .7rem 1rem; border-radius: .3rem;
          margin: 1.2rem 0; }
        .notice.alarm { background: var(--alarm); border-color: var(--down); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 1rem; margin-top: 1.6rem;
          padding: 0; list-style: none; }
        .card { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.1rem; background: var(--band); }
        .card .what { color: var(--soft); margin: 0; }
        .card .figure { font-size: 1.7rem; font-weight: 650; margin: .1rem 0; font-variant-numeric: tabular-nums; }
        .card p { margin: 0; }
        .increase { color: var(--up); } .decrease { color: var(--down); } .notshown, .withheld { color: var(--none); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; margin: .6rem 0 0; font-variant-numeric: tabular-nums; }
        caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
        th, td { padding: .45rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
        th[scope=row], thead th:first-child { text-align: left; font-weight: 550; }
        thead th { color: var(--soft); font-weight: 550; }
        td.cell { background: color-mix(in srgb, var(--accent) calc(var(--share) * 35%), transparent); }
        td.withheld { font-style: italic; }
        figure { margin: .4rem 0 0; } figcaption { color: var(--soft); }
        svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
          svg .soft { fill: var(--soft); }
        svg .axis { stroke: var(--line); } svg .zero { stroke: var(--soft); stroke-dasharray: 4 3; } svg .bar { fill: var(--accent); }
        svg .increase { stroke: var(--up); fill: var(--up); } svg .decrease { stroke: var(--down); fill: var(--down); }
          svg .notshown, svg .withheld { stroke: var(--none); fill: var(--none); } svg .hollow { fill: var(--paper); }
        .provenance { border-top: 1px solid var(--line); margin-top: 3rem; color: var(--soft); } .provenance h2 {
          color: var(--ink); margin-top: 1.4rem; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 0; } dd { margin: 0;
          overflow-wrap: anywhere; } dt { font-weight: 550; }
        code { font: .88em ui-monospace, "SF Mono", Menlo, monospace; }
        @media print { main { max-width: none; padding: 0; } .card, .notice { break-inside: avoid; } }
        """;
}
