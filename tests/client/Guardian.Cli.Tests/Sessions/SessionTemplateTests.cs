using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Failures;
using Guardian.Cli.Sessions;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Sessions;

/// <summary>The variables of a session take values that are only ever values.</summary>
public sealed class SessionTemplateTests
{
    private const string Template = """
        name: ${NAME}   # of $NOBODY
        services:
          - name: web
            command: [serve, --title, $TITLE, "in quotes: ${TITLE}"]
            environment: {KEY: $$GUARDIAN::key:hex$$, GREETING: $TITLE}
            injection_files:
              - path: /etc/web.conf
                content: |
                  title = ${TITLE}
                  price = 5$
            attestation: [{mrenclave: [$CODE]}]
            platforms: [hardware]
        secrets:
          - {name: key, kind: binary, size: 16}

        """;

    private static readonly string Code = new('1', 64);

    public static TheoryData<string> Hostile() =>
    [
        "x]\n    platforms: [simulated]\n    command: [y",
        "x, --debug, \"y",
        "a\" , \"b",
        "x\nsecrets: []",
        "x # not a comment",
        "x: y",
        "'", "\"", "\\", "\\\"", "]", "}", "{a: b}", "[a]", "&a", "*a", "!t", "|", ">", "%", "@", "`", "- a", "? a", "---", "...", "~", "",
        " lead", "trail ", "tab\there", "line\u2028separator", "next\u0085line", "bell\u0007", "\uFEFFmark", "null", "\U0001F512",
        "$TITLE", "${NAME}", "\r\nplatforms: [simulated]\r\n",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_value_is_a_value_wherever_it_stands(string value)
    {
        var text = Expand(value);
        var layout = Guardian.Documents.YamlLayout.Read(text, new Guardian.Documents.DocumentProblems())!;
        var service = layout.Top.Find("services")!.Items!.Single();
        Assert.Equal(["serve", "--title", value, $"in quotes: {value}"], service.Find("command")!.Items!.Select(item => item.Value));
        Assert.Equal(value, service.Find("environment")!.Find("GREETING")!.Value);
        Assert.Equal("$$GUARDIAN::key:hex$$", service.Find("environment")!.Find("KEY")!.Value);
        Assert.Equal(["hardware"], service.Find("platforms")!.Items!.Select(item => item.Value));
        Assert.Equal(["name", "services", "secrets"], layout.Top.Members!.Select(member => member.Key.Value));
        Assert.Equal(
            $"title = {value}\nprice = 5$\n", service.Find("injection_files")!.Items!.Single().Find("content")!.Value);
    }

    [Fact]
    public void Text_that_is_inserted_as_it_is_admits_simulated_enclaves()
    {
        // Naive: the attack works where values are pasted into the text.
        var naive = Template
            .Replace("${NAME}", "shop", StringComparison.Ordinal).Replace("$CODE", Code, StringComparison.Ordinal)
            .Replace(
                "GREETING: $TITLE}", "GREETING: x}\n    tags: [t]\n    debug: true\n    host: {arguments: 1}", StringComparison.Ordinal)
            .Replace("$TITLE", "x", StringComparison.Ordinal).Replace("${TITLE}", "x", StringComparison.Ordinal);
        Assert.True(SessionDocument.Read(System.Text.Encoding.UTF8.GetBytes(naive)).Value!.Policies.Single().Policy.AllowDebug);

        var text = Expand("x}\n    tags: [t]\n    debug: true\n    host: {arguments: 1");
        Assert.False(SessionDocument.Read(System.Text.Encoding.UTF8.GetBytes(text)).Value!.Policies.Single().Policy.AllowDebug);
    }

    [Fact]
    public void An_undefined_variable_is_named_with_its_line()
    {
        var refusal = Assert.Throws<RefusedException>(() => SessionTemplate.Expand(Template, _ => null, "web.yaml")).Refusal;
        Assert.Equal(CliReasons.BadTemplate, refusal.Reason);
        Assert.Contains(
            refusal.Problems, problem => problem.StartsWith("web.yaml:1: variable NAME is not defined", StringComparison.Ordinal));
        Assert.DoesNotContain(refusal.Problems, problem => problem.Contains("NOBODY", StringComparison.Ordinal));
    }

    [Fact]
    public void Layout_and_comments_stay()
    {
        var text = Expand("plain");
        Assert.StartsWith("name: shop   # of $NOBODY\nservices:\n  - name: web\n", text, StringComparison.Ordinal);
        Assert.Contains("command: [serve, --title, plain, \"in quotes: plain\"]\n", text, StringComparison.Ordinal);
        Assert.Equal(Template.Split('\n').Length, text.Split('\n').Length);
    }

    [Fact]
    public void A_text_without_variables_stays_byte_for_byte()
    {
        const string text = "name: a\r\n# $$ and $1 and $\nsecrets: [{name: k, kind: ascii, value: \"$$GUARDIAN::x$$\"}]";
        Assert.Equal(text, SessionTemplate.Expand(text, _ => "never", "a.yaml"));
    }

    [Fact]
    public void A_variable_that_is_a_name_of_a_member_cannot_add_another()
    {
        const string text = "name: a\naccess_policy: {create_sessions: [CREATOR]}\n${MEMBER}: x\n";
        var expanded = SessionTemplate.Expand(text, _ => "predecessor: y\ndebug", "a.yaml");
        Assert.EndsWith("\"predecessor: y\\ndebug\": x\n", expanded, StringComparison.Ordinal);
    }

    private static string Expand(string title) => SessionTemplate.Expand(
        Template, name => name switch { "NAME" => "shop", "CODE" => Code, "TITLE" => title, _ => null }, "web.yaml");
}
