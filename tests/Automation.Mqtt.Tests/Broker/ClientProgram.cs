using System.Diagnostics;
using System.Text;

namespace Automation.Mqtt.Tests.Broker;

/// <summary>A real client in a process of its own: mosquitto's, or one for Node.js.</summary>
internal sealed class ClientProgram : IDisposable
{
    private readonly Process _process;

    private ClientProgram(Process process) => _process = process;

    public TextWriter Input => _process.StandardInput;

    public static ClientProgram Start(string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        try
        {
            return new ClientProgram(Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException($"{program} cannot be started. ./test installs what these tests need.", exception);
        }
    }

    public async Task<string> ReadLineAsync()
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        return await _process.StandardOutput.ReadLineAsync(timeout.Token)
            ?? throw new InvalidOperationException($"{_process.StartInfo.FileName} ended: {await _process.StandardError.ReadToEndAsync(timeout.Token)}");
    }

    /// <summary>Waits for its end and requires success.</summary>
    public async Task SucceedAsync()
    {
        var errors = await EndAsync();
        Assert.True(_process.ExitCode == 0, errors);
    }

    /// <summary>Waits for its end and requires failure.</summary>
    /// <returns>What it wrote to standard error.</returns>
    public async Task<string> FailAsync()
    {
        var errors = await EndAsync();
        Assert.NotEqual(0, _process.ExitCode);
        return errors;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task<string> EndAsync()
    {
        using var timeout = new CancellationTokenSource(TestClient.Patience);
        var errors = _process.StandardError.ReadToEndAsync(timeout.Token);
        await _process.WaitForExitAsync(timeout.Token);
        return await errors;
    }
}
