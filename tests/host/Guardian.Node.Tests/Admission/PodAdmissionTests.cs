using System.Text.Json;
using System.Text.Json.Nodes;
using Guardian.Node.Admission;

namespace Guardian.Node.Tests.Admission;

/// <summary>Pods of the RuntimeClass are completed or refused before they are stored.</summary>
public sealed class PodAdmissionTests
{
    private const string Session = "\"org.guardian.session\": \"s/a\"";

    [Theory]
    [InlineData("""{"name": "c"}""", """{"limits":{"sgx.intel.com/enclave":"1"}}""")]
    [InlineData("""{"name": "c", "resources": {}}""", """{"limits":{"sgx.intel.com/enclave":"1"}}""")]
    [InlineData("""{"name": "c", "resources": null}""", """{"limits":{"sgx.intel.com/enclave":"1"}}""")]
    [InlineData(
        """{"name": "c", "resources": {"requests": {"cpu": "1"}}}""",
        """{"requests":{"cpu":"1"},"limits":{"sgx.intel.com/enclave":"1"}}""")]
    [InlineData(
        """{"name": "c", "resources": {"limits": {"memory": "256Mi", "sgx.intel.com/epc": "16Mi"}}}""",
        """{"limits":{"memory":"256Mi","sgx.intel.com/epc":"16Mi","sgx.intel.com/enclave":"1"}}""")]
    [InlineData(
        """{"name": "c", "resources": {"limits": {"sgx.intel.com/enclave": "2"}}}""", """{"limits":{"sgx.intel.com/enclave":"2"}}""")]
    [InlineData(
        """{"name": "c", "resources": {"requests": {"sgx.intel.com/enclave": "1"}}}""",
        """{"requests":{"sgx.intel.com/enclave":"1"}}""")]
    public void A_program_gets_a_unit_of_the_device_unless_it_has_one(string container, string expected)
    {
        var pod = Reviews.Admit(Reviews.Pod($"[{container}]", Session));
        Assert.Equal(expected, pod["spec"]!["containers"]![0]!["resources"]!.ToJsonString());
    }

    [Theory]
    [InlineData("", """{"sgx.intel.com/enclave":"1","sgx.intel.com/epc":"16Mi"}""")]
    [InlineData("""{"sgx.intel.com/epc": "8Mi"}""", """{"sgx.intel.com/epc":"8Mi","sgx.intel.com/enclave":"1"}""")]
    public void The_settings_say_how_much_epc_it_gets(string limits, string expected)
    {
        var resources = limits.Length == 0 ? "" : $", \"resources\": {{\"limits\": {limits}}}";
        var pod = Reviews.Admit(Reviews.Pod($"[{{\"name\": \"c\"{resources}}}]", $"{Session}, \"org.guardian.epc\": \"16\""));
        Assert.Equal(expected, pod["spec"]!["containers"]![0]!["resources"]!["limits"]!.ToJsonString());
    }

    [Fact]
    public void The_second_admission_of_a_pod_changes_nothing()
    {
        var pod = Reviews.Admit(Reviews.Pod(
            """[{"name": "a"}, {"name": "b", "resources": {"limits": {"cpu": "1"}}}]""",
            $"{Session}, \"org.guardian.session.b\": \"s/b\", \"org.guardian.session.i\": \"s/i\", \"org.guardian.epc\": \"16\"",
            first: """[{"name": "i"}]"""));
        Assert.All(
            pod["spec"]!["containers"]!.AsArray().Concat(pod["spec"]!["initContainers"]!.AsArray()),
            container => Assert.Equal("16Mi", (string?)container!["resources"]!["limits"]!["sgx.intel.com/epc"]));
        var again = Reviews.Answer(Reviews.Of(pod));
        Assert.True((bool)again["allowed"]!);
        Assert.Null(again["patch"]);
        Assert.Equal(Reviews.Id, (string?)again["uid"]);
    }

    [Theory]
    [InlineData("", "a")]
    [InlineData("b", "b")]
    [InlineData("i", "a")]
    [InlineData("elsewhere", "a")]
    public void The_session_of_a_pod_is_that_of_the_container_that_kubectl_means(string main, string expected)
    {
        var annotations = main.Length == 0 ? Session : $"{Session}, \"kubectl.kubernetes.io/default-container\": \"{main}\"";
        var pod = Reviews.Admit(Reviews.Pod(
            """[{"name": "a"}, {"name": "b"}, {"name": "c", "envFrom": [{"secretRef": {"name": "n"}}]}]""",
            $"{annotations}, \"org.guardian.epc\": \"16\"", first: """[{"name": "i"}]"""));
        var all = pod["spec"]!["containers"]!.AsArray().Concat(pod["spec"]!["initContainers"]!.AsArray());
        var program = Assert.Single(all, container => container!["resources"] is not null);
        Assert.Equal(expected, (string?)program!["name"]);
    }

    [Theory]
    [InlineData("\"org.guardian.session.program\": \"s/a\"", "[]")]
    [InlineData("", """[{"name": "GUARDIAN_SESSION", "value": "s/a"}]""")]
    [InlineData("", """[{"name": "GUARDIAN_SESSION", "value": "$(S)/a"}]""")]
    [InlineData("", """[{"name": "GUARDIAN_SESSION", "valueFrom": {"secretKeyRef": {"name": "n", "key": "k"}}}]""")]
    public void A_session_of_one_container_leaves_its_sidecars_alone(string annotations, string variables)
    {
        var pod = Reviews.Admit(Reviews.Pod($$"""[{"name": "sidecar"}, {"name": "program", "env": {{variables}} }]""", annotations));
        Assert.Null(pod["spec"]!["containers"]![0]!["resources"]);
        Assert.Equal("1", (string?)pod["spec"]!["containers"]![1]!["resources"]!["limits"]!["sgx.intel.com/enclave"]);
    }

    [Fact]
    public void Variables_from_objects_of_the_cluster_may_name_a_session() =>
        Assert.NotNull(Reviews.Admit(Reviews.Pod("""[{"name": "c", "envFrom": [{"configMapRef": {"name": "n"}}]}]"""))
            ["spec"]!["containers"]![0]!["resources"]);

    [Theory]
    [InlineData("", "")]
    [InlineData("\"org.guardian.session\": \"\"", "")]
    [InlineData("\"org.guardian.session.other\": \"s/a\"", "")]
    [InlineData("", """, "env": [{"name": "GUARDIAN_SESSION", "value": ""}]""")]
    [InlineData("", """, "env": [{"name": "GUARDIAN_SESSION", "value": "s/a"}, {"name": "GUARDIAN_SESSION"}]""")]
    public void A_pod_that_names_no_session_is_refused_with_the_reason_and_the_remedy(string annotations, string more)
    {
        var message = Reviews.Refuse(Reviews.Pod($$"""[{"name": "c"{{more}} }]""", annotations));
        Assert.Contains("none of its containers names a session", message, StringComparison.Ordinal);
        Assert.Contains("annotate the pod with org.guardian.session", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"org.guardian.session\": \"s a\"", "the session of the container 'c' has white space")]
    [InlineData("\"org.guardian.session\": \"--insecure\"", "begins with a dash")]
    [InlineData(
        "\"org.guardian.session\": \"s/a\", \"org.guardian.epc\": \"much\"", "the EPC of the container 'c' is no number of MiB: much")]
    [InlineData("\"org.guardian.session\": \"s/a\", \"org.guardian.epc\": \"16Mi\"", "is no number of MiB")]
    [InlineData("\"org.guardian.session\": \"s/a\", \"org.guardian.epc\": \"0\"", "is no number of MiB")]
    public void A_malformed_setting_is_refused_as_on_the_node(string annotations, string words) =>
        Assert.Contains(words, Reviews.Refuse(Reviews.Pod("""[{"name": "c"}]""", annotations)), StringComparison.Ordinal);

    [Theory]
    [InlineData("other", "CREATE", "pods")]
    [InlineData("guardian", "UPDATE", "pods")]
    [InlineData("guardian", "CREATE", "deployments")]
    public void Everything_else_stays_as_it_is(string runtimeClass, string operation, string resource)
    {
        var response = Reviews.Answer(Reviews.Of(Reviews.Pod("""[{"name": "c"}]""", runtimeClass: runtimeClass), operation, resource));
        Assert.Equal($$"""{"uid":"{{Reviews.Id}}","allowed":true}""", response.ToJsonString());
    }

    [Fact]
    public void The_kubelets_copy_of_its_own_pod_stays_as_it_is() => Assert.Null(
        Reviews.Admit(Reviews.Pod("""[{"name": "c"}]""", "\"kubernetes.io/config.mirror\": \"x\""))
            ["spec"]!["containers"]![0]!["resources"]);

    [Theory]
    [InlineData("a/b~c", "a~1b~0c")]
    [InlineData("~1", "~01")]
    public void Names_are_escaped_in_pointers(string name, string expected) => Assert.Equal(expected, JsonPatch.Escape(name));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"kind\": \"AdmissionReview\", \"apiVersion\": \"admission.k8s.io/v1beta1\", \"request\": {\"uid\": \"1\"}}")]
    [InlineData("{\"kind\": \"AdmissionReview\", \"apiVersion\": \"admission.k8s.io/v1\", \"request\": {\"uid\": \"\"}}")]
    [InlineData("{\"kind\": \"AdmissionReview\", \"apiVersion\": \"admission.k8s.io/v1\", \"request\": [\"uid\"]}")]
    [InlineData("{\"kind\": \"AdmissionReview\", \"apiVersion\": \"admission.k8s.io/v1\", \"request\": {\"uid\": \"\\ud800\"}}")]
    public void A_text_that_is_no_review_gets_no_answer(string text) =>
        Assert.Null(AdmissionReview.Answer(System.Text.Encoding.UTF8.GetBytes(text), new PodAdmission("guardian")));

    [Fact]
    public void Halves_of_characters_and_strange_members_are_no_settings()
    {
        const string Strange = """
            {"metadata": {"annotations": {"\ud800": "x", "org.guardian.session": 1, "org.guardian.epc": "\udfff"}},
            "spec": {"runtimeClassName": "guardian", "initContainers": {"0": 1}, "containers": [1, "x", null, {"env": [1, {"\ud800": 1}]},
            {"name": "\ud800", "env": [{"name": "GUARDIAN_SESSION", "value": "s/a"}], "resources": [], "envFrom": 1}]}}
            """;
        using var pod = JsonDocument.Parse(Strange);
        var (patch, _) = new PodAdmission("guardian").Decide(pod.RootElement);
        var operation = Assert.Single(patch!)!;
        Assert.Equal("/spec/containers/4/resources", (string?)operation["path"]);
    }

    [Fact]
    public void Every_truncation_of_a_review_gets_no_answer()
    {
        var review = Reviews.Of(Reviews.Pod("""[{"name": "c"}]""", Session));
        for (var size = 0; size < review.Length; size++)
        {
            Assert.Null(AdmissionReview.Answer(review.AsMemory(0, size), new PodAdmission("guardian")));
        }
    }
}
