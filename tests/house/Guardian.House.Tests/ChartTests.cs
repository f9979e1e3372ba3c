using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Guardian.House.Tests;

/// <summary>The chart's files agree with each other and with the source; ./test kubernetes installs it.</summary>
public sealed class ChartTests
{
    private static readonly YamlMappingNode Chart = Read("Chart.yaml");
    private static readonly YamlMappingNode Values = Read("values.yaml");

    private static YamlMappingNode Read(string name, string chart = "guardian")
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(PathOf(name, chart))));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static string PathOf(string name, string chart = "guardian") => Repository.File("deploy", "chart", chart, name);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    [Theory]
    [InlineData("guardian")]
    [InlineData("guardian-room")]
    public void The_images_have_the_version_of_the_source(string chart)
    {
        var props = File.ReadAllText(Repository.File("Directory.Build.props"));
        Assert.Contains($"<Version>{Text(Read("Chart.yaml", chart)["appVersion"])}</Version>", props, StringComparison.Ordinal);
    }

    [Fact]
    public void The_definition_of_a_resource_belongs_to_no_release()
    {
        Assert.Equal("sessions.guardian.org", Text(Read("crds/sessions.yaml")["metadata"]["name"]));
        Assert.DoesNotContain(
            Directory.GetFiles(PathOf("templates")),
            file => File.ReadAllText(file).Contains("CustomResourceDefinition", StringComparison.Ordinal));
    }

    [Fact]
    public void Rancher_finds_its_annotations()
    {
        var annotations = ((YamlMappingNode)Chart["annotations"]).Children.ToDictionary(each => Text(each.Key), each => Text(each.Value));
        string[] expected = ["display-name", "namespace", "release-name", "os", "kube-version", "type"];
        Assert.All(expected, name => Assert.NotEmpty(annotations[$"catalog.cattle.io/{name}"]));
        Assert.Equal(Text(Chart["kubeVersion"]), annotations["catalog.cattle.io/kube-version"]);
        Assert.Equal("guardian-system", annotations["catalog.cattle.io/namespace"]);
        Assert.True(File.Exists(PathOf("app-readme.md")));
    }

    [Fact]
    public void Ranchers_form_asks_for_values_that_exist_with_their_defaults()
    {
        var questions = ((YamlSequenceNode)Read("questions.yaml")["questions"]).Cast<YamlMappingNode>().ToList();
        var all = questions.Concat(questions.SelectMany(question => question.Children.TryGetValue("subquestions", out var more)
            ? ((YamlSequenceNode)more).Cast<YamlMappingNode>()
            : [])).ToList();
        Assert.True(all.Count >= 8);
        Assert.All(all, question =>
        {
            YamlNode value = Values;
            foreach (var name in Text(question["variable"]).Split('.'))
            {
                value = value[name];
            }
            Assert.Equal(Text(value), Text(question["default"]));
        });
    }

    [Theory]
    [InlineData("guardian")]
    [InlineData("guardian-room")]
    public void The_schema_knows_every_value_and_no_other(string chart)
    {
        var schema = JsonNode.Parse(File.ReadAllText(PathOf("values.schema.json", chart)))!;
        Assert.False((bool)schema["additionalProperties"]!);
        var values = Read("values.yaml", chart);
        var names = schema["properties"]!.AsObject().Select(property => property.Key).Where(name => name != "global");
        Assert.Equal(Names(values), names.Order(StringComparer.Ordinal));
        foreach (var (group, value) in values.Children)
        {
            var part = schema["properties"]![Text(group)]!;
            if (part["properties"] is JsonObject members)
            {
                Assert.False((bool)part["additionalProperties"]!);
                var known = members.Select(property => property.Key).Order(StringComparer.Ordinal);
                Assert.Equal(Names((YamlMappingNode)value), known);
            }
        }
    }

    private static IEnumerable<string> Names(YamlMappingNode mapping) =>
        mapping.Children.Keys.Select(Text).Order(StringComparer.Ordinal);
}
