using System.Text;
using System.Text.Json.Nodes;
using Guardian.Node.Admission;

namespace Guardian.Node.Tests.Admission;

/// <summary>Reviews as an API server writes them, and what becomes of their pods.</summary>
internal static class Reviews
{
    public const string Id = "705ab4f5-6393-11e8-b7cc-42010a800002";

    /// <summary>A pod of the RuntimeClass.</summary>
    /// <param name="containers">The containers in JSON.</param>
    /// <param name="annotations">The members of the annotations in JSON.</param>
    public static JsonObject Pod(string containers, string annotations = "", string runtimeClass = "guardian", string first = "[]") =>
        (JsonObject)JsonNode.Parse($$"""
            {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "annotations": { {{annotations}} } },
            "spec": {"runtimeClassName": "{{runtimeClass}}", "initContainers": {{first}}, "containers": {{containers}} } }
            """)!;

    public static byte[] Of(JsonNode pod, string operation = "CREATE", string resource = "pods") => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["kind"] = "AdmissionReview",
        ["apiVersion"] = "admission.k8s.io/v1",
        ["request"] = new JsonObject
        {
            ["uid"] = Id,
            ["resource"] = new JsonObject { ["group"] = "", ["version"] = "v1", ["resource"] = resource },
            ["operation"] = operation,
            ["object"] = pod.DeepClone(),
            ["dryRun"] = false,
        },
    }.ToJsonString());

    public static JsonNode Answer(byte[] review) => AdmissionReview.Answer(review, new PodAdmission("guardian"))!["response"]!;

    /// <summary>The pod as the API server has it afterwards.</summary>
    public static JsonObject Admit(JsonObject pod)
    {
        var response = Answer(Of(pod));
        Assert.True((bool)response["allowed"]!, response.ToJsonString());
        var changed = (JsonObject)pod.DeepClone();
        if (response["patch"] is { } patch)
        {
            Assert.Equal("JSONPatch", (string?)response["patchType"]);
            foreach (var operation in JsonNode.Parse(Convert.FromBase64String((string)patch!))!.AsArray())
            {
                Apply(changed, operation!);
            }
        }
        return changed;
    }

    public static string Refuse(JsonObject pod)
    {
        var response = Answer(Of(pod));
        Assert.False((bool)response["allowed"]!);
        Assert.Null(response["patch"]);
        Assert.Equal(403, (int)response["status"]!["code"]!);
        return (string)response["status"]!["message"]!;
    }

    // RFC 6902 §4.1, as a stranger reads it: the place must exist, but for its last word.
    private static void Apply(JsonNode target, JsonNode operation)
    {
        Assert.Equal("add", (string?)operation["op"]);
        var words = ((string)operation["path"]!).Split('/')[1..]
            .Select(word => word.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToList();
        var parent = words[..^1].Aggregate(
            target, (node, word) => node is JsonArray list ? list[int.Parse(word, null)]! : node.AsObject()[word]!);
        parent.AsObject()[words[^1]] = operation["value"]!.DeepClone();
    }
}
