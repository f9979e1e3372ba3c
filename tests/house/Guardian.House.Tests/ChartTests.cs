using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Guardian.House.Tests;

/// <summary>The chart's files agree with each other and with the source; ./test kubernetes installs it.</summary>
public sealed class ChartTests
{
    private static readonly YamlMappingNode Chart = Read("Chart.yaml");
    private static readonly YamlMappingNode Values = Read("values.yaml");

    private static YamlMappingNode Read(string name)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(File.ReadAllText(PathOf(name))));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static string PathOf(string name) => Repository.File("deploy", "chart", "guardian", name);

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    [Fact]
    public void The_images_have_the_version_of_the_source()
    {
        var props = File.ReadAllText(Repository.File("Directory.Build.props"));
        Assert.Contains($"<Version>{Text(Chart["appVersion"])}</Version>", props, StringComparison.Ordinal);
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

    [Fact]
    public void The_schema_knows_every_value_and_no_other()
    {
        var schema = JsonNode.Parse(File.ReadAllText(PathOf("values.schema.json")))!;
        Assert.False((bool)schema["additionalProperties"]!);
        var names = schema["properties"]!.AsObject().Select(property => property.Key).Where(name => name != "global");
        Assert.Equal(Names(Values), names.Order(StringComparer.Ordinal));
        foreach (var (group, value) in Values.Children)
        {
            var part = schema["properties"]![Text(group)]!;
            Assert.False((bool)part["additionalProperties"]!);
            var known = part["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal);
            Assert.Equal(Names((YamlMappingNode)value), known);
        }
    }

    private static IEnumerable<string> Names(YamlMappingNode mapping) =>
        mapping.Children.Keys.Select(Text).Order(StringComparer.Ordinal);
}
