using Automation.Mqtt.Access;
using Automation.Server.Cli;

namespace Automation.Server.Tests.Cli;

public sealed class MqttPasswordCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("mqtt-password").FullName;

    private string FileName => Path.Combine(folder, "users");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Line_IsPrinted_AndIsOfThePasswordOnTheFirstLineOfTheInput()
    {
        var (code, said, _) = Run("anna", null, "secret é\nmore\n");
        Assert.Equal(0, code);
        Assert.StartsWith("anna:$pbkdf2-sha256$", said, StringComparison.Ordinal);
        Assert.True(PasswordHash.TryParse(said.Trim()["anna:".Length..], out var hash) && hash.Verify("secret é"u8));
    }

    [Fact]
    public async Task File_IsMadeForItsOwner_AndAUsersLineReplaced()
    {
        Assert.Equal((0, "", ""), Run("anna", FileName, "old"));
        Assert.Equal(0, Run("bert", FileName, "other").Code);
        Assert.Equal(0, Run("anna", FileName, "new").Code);

        Assert.Equal(["anna", "bert"], (await File.ReadAllLinesAsync(FileName)).Select(line => line.Split(':')[0]));
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));
        using var users = new PasswordFile(FileName);
        Assert.Equal(Automation.Mqtt.MqttReasonCode.Success, await users.CheckAsync("anna", "new"u8.ToArray()));
        Assert.Equal([FileName], Directory.GetFiles(folder));
    }

    [Theory]
    [InlineData("anna", "")]
    [InlineData("anna", "\n")]
    [InlineData("an:na", "secret")]
    public void Mistakes_AreSaidInOneSentence_AndNothingIsWritten(string user, string input)
    {
        var (code, said, errors) = Run(user, FileName, input);
        Assert.Equal((1, ""), (code, said));
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(Directory.GetFiles(folder));
    }

    private static (int Code, string Said, string Errors) Run(string user, string? file, string input)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        return (MqttPasswordCommand.Run(user, file, new StringReader(input), output, errors), output.ToString(), errors.ToString());
    }
}
