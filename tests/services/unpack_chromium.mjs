// Unpacks @sparticuz/chromium into the temporary directory ($TMPDIR).
// The package unpacks its own libnss3, libnspr4 and libexpat1 only if it believes that it
// runs on Amazon's Node. We want them everywhere, so that the system need not have them.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: chromium } = await import("@sparticuz/chromium");
await chromium.executablePath();
