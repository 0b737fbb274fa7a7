namespace Automation.Mqtt.Tests.Access;

/// <summary>A text file that is gone after the test.</summary>
internal sealed class ScratchFile : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mqtt-access").FullName;

    public ScratchFile(params IEnumerable<string> lines) => Write(lines);

    public string Path => System.IO.Path.Combine(_folder, "file");

    public void Write(params IEnumerable<string> lines) => File.WriteAllLines(Path, lines);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
